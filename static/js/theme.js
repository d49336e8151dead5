// Light, dark or as the system says. A classic script in <head>, so that the first paint already has the right colours.
(function () {
  "use strict";
  const KEY = "hitdesk-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const ORDER = ["auto", "light", "dark"];
  let memory = "auto";

  function chosen() {
    try {
      const kept = localStorage.getItem(KEY) || "auto";
      return ORDER.includes(kept) ? kept : "auto";
    } catch {
      return memory; // storage can be switched off; the choice then lasts as long as the page
    }
  }

  function apply() {
    const choice = chosen();
    const dark = choice === "dark" || (choice === "auto" && system.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    document.documentElement.dataset.theme = choice;
    for (const input of document.querySelectorAll("input[data-theme-choice]")) input.checked = input.value === choice;
    for (const button of document.querySelectorAll("[data-theme-next]")) {
      const words = { auto: "as the system", light: "light", dark: "dark" };
      button.title = `Colours: ${words[choice]}. Press to change.`;
      button.setAttribute("aria-label", button.title);
    }
  }

  function choose(choice) {
    memory = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      /* see chosen() */
    }
    apply();
  }

  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-theme-next]")) choose(ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length]);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("input[data-theme-choice]")) choose(event.target.value);
  });
})();
