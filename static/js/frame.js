// Inside a task's frame: tells the page around it how high it is, what was typed, and what could not be loaded, and
// puts back what was typed before. The task is somebody else's program, so nothing here is trusted by the other side.
(function () {
  "use strict";
  if (window.parent === window) return;
  const RESERVED = new Set(["assignmentId", "hitId", "workerId", "turkSubmitTo"]);
  const say = (message) => window.parent.postMessage({ hitdesk: 1, ...message }, "*");
  const failed = new Set();

  // An element that did not load bubbles nowhere, but it can be caught on the way down.
  window.addEventListener("error", (event) => {
    const element = event.target;
    const url = element && element !== window && (element.src || element.href);
    if (typeof url !== "string" || failed.has(url) || failed.size > 20) return;
    failed.add(url);
    say({ kind: "missing", url: url.slice(0, 500) });
  }, true);

  const fields = () =>
    [...document.querySelectorAll("input[name], textarea[name], select[name], crowd-input[name], crowd-text-area[name], crowd-checkbox[name], crowd-slider[name]")]
      .filter((field) => !RESERVED.has(field.name || field.getAttribute("name")) && !["hidden", "password", "file", "submit", "button"].includes(field.type));

  function draft() {
    const kept = {};
    for (const field of fields()) {
      const name = field.name || field.getAttribute("name");
      const chosen = field.type === "checkbox" || field.type === "radio" ? (field.checked ? [field.value] : []) : field.multiple && field.options ? [...field.selectedOptions].map((option) => option.value) : [String(field.value ?? "")];
      kept[name] = (kept[name] || []).concat(chosen);
    }
    return kept;
  }

  function restore(kept) {
    for (const field of fields()) {
      const values = kept[field.name || field.getAttribute("name")];
      if (!Array.isArray(values)) continue;
      if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
      else if (field.multiple && field.options) for (const option of field.options) option.selected = values.includes(option.value);
      else if (values.length) field.value = values[0];
    }
  }

  let waiting = 0;
  const changed = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => say({ kind: "draft", fields: draft() }), 400);
  };
  document.addEventListener("input", changed, true);
  document.addEventListener("change", changed, true);
  document.addEventListener("submit", (event) => {
    say({ kind: "draft", fields: draft() });
    // Pages are expected to fill in the assignment themselves; one that forgot is handed in all the same.
    const form = event.target, id = new URLSearchParams(location.search).get("assignmentId");
    if (!id || !/externalSubmit/.test(form.getAttribute("action") || "")) return;
    let field = form.elements.namedItem("assignmentId");
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = "assignmentId";
      form.append(field);
    }
    if (!field.value) field.value = id;
  }, true);

  window.addEventListener("message", (event) => {
    if (event.source === window.parent && event.data && event.data.hitdesk === 1 && event.data.kind === "restore") restore(event.data.fields || {});
  });

  function begin() {
    const tell = () => say({ kind: "height", height: Math.ceil(Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0)) });
    if (window.ResizeObserver && document.body) new ResizeObserver(tell).observe(document.body);
    tell();
    say({ kind: "ready" });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
