// What the person can still take back, and the notes the server sends.
//
// data-undo-until="ISO time"   on an element around an undo button: [data-undo-left] inside counts down; when time is up the
//                              buttons are disabled, and the element goes away if it also has data-undo-vanish
// data-note                    a message; goes away by itself unless it has data-note-stays; [data-note-close] closes it
// HX-Trigger: {"note": {"text": "…", "level": "success|error|info"}}   a message after an htmx request

const root = document.documentElement;
const skew = root.dataset.now ? Date.now() - Date.parse(root.dataset.now) : 0;

function tick() {
  const now = Date.now() - skew;
  for (const element of document.querySelectorAll("[data-undo-until]")) {
    const seconds = Math.ceil((Date.parse(element.dataset.undoUntil) - now) / 1000);
    for (const left of element.querySelectorAll("[data-undo-left]")) left.textContent = seconds > 0 ? `${seconds} s` : "";
    if (seconds > 0) continue;
    if ("undoVanish" in element.dataset) element.remove();
    else for (const button of element.querySelectorAll("button")) button.disabled = true;
  }
}

function watch(note) {
  if (note.dataset.watched) return;
  note.dataset.watched = "yes";
  if ("noteStays" in note.dataset || note.hasAttribute("data-undo-until")) return;
  let timer = setTimeout(() => note.remove(), 6000);
  note.addEventListener("mouseenter", () => clearTimeout(timer));
  note.addEventListener("mouseleave", () => (timer = setTimeout(() => note.remove(), 3000)));
}

const watchAll = () => document.querySelectorAll("[data-note]").forEach(watch);

export function note(text, level = "info") {
  const box = document.getElementById("notes");
  const template = document.getElementById("note-template");
  if (!box || !template) return;
  const element = template.content.firstElementChild.cloneNode(true);
  element.classList.add(`note-${level}`);
  element.querySelector("[data-note-text]").textContent = text;
  if (level === "error") {
    element.setAttribute("role", "alert");
    element.dataset.noteStays = "";
  }
  box.append(element);
  watch(element);
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-note-close]")) event.target.closest("[data-note]").remove();
});
document.addEventListener("note", (event) => note(event.detail.text ?? event.detail.value, event.detail.level));

// An answer that is no page would otherwise be dropped without a word.
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  const sentence = event.detail.xhr.getResponseHeader("X-Reason");
  if (sentence) note(decodeURIComponent(sentence), "error");
  else if (status === 403) note("You may not do that here, or you were signed out in another window. Reload the page and try again; nothing was changed.", "error");
  else if (status === 404) note("That is not there any more. Reload the page to see how things stand.", "error");
  else note(`The server could not answer (${status}). Reload the page to see whether it was recorded.`, "error");
});
document.addEventListener("htmx:sendError", () =>
  note("The server did not answer. Reload the page to see whether it was recorded before you try again.", "error"));
document.addEventListener("htmx:timeout", () =>
  note("The server took too long to answer. Reload the page to see whether it was recorded.", "error"));

watchAll();
tick();
setInterval(tick, 250);
document.addEventListener("htmx:afterSettle", () => {
  watchAll();
  tick();
});
