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

  const CROWD = "hitdesk:crowd"; // the name under which a whole crowd-form is kept: what it holds is more than fields
  const crowdForm = () => {
    const form = document.querySelector("crowd-form");
    return form && form.draft !== undefined ? form : null;
  };
  const fields = () =>
    [...document.querySelectorAll("input[name], textarea[name], select[name], crowd-input[name], crowd-text-area[name], crowd-checkbox[name], crowd-slider[name]")]
      .filter((field) => !RESERVED.has(field.name || field.getAttribute("name")) && !["hidden", "password", "file", "submit", "button"].includes(field.type) && !crowdForm()?.contains(field));

  function draft() {
    const kept = {};
    for (const field of fields()) {
      const name = field.name || field.getAttribute("name");
      const chosen = field.type === "checkbox" || field.type === "radio" ? (field.checked ? [field.value] : []) : field.multiple && field.options ? [...field.selectedOptions].map((option) => option.value) : [String(field.value ?? "")];
      kept[name] = (kept[name] || []).concat(chosen);
    }
    const form = crowdForm();
    if (form) kept[CROWD] = form.draft;
    return kept;
  }

  let typed = false; // by the worker: then nothing of before is put over it any more
  let before = null;

  function restore() {
    if (!before || typed) return;
    const form = crowdForm();
    if (form && before[CROWD]) form.draft = before[CROWD];
    for (const field of fields()) {
      const values = before[field.name || field.getAttribute("name")];
      if (!Array.isArray(values)) continue;
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.checked === values.includes(field.value)) continue;
        field.checked = !field.checked;
      } else if (field.multiple && field.options) for (const option of field.options) option.selected = values.includes(option.value);
      else if (values.length && field.value !== values[0]) field.value = values[0];
      else continue;
      // Pages show and hide parts by what is chosen; they hear of it as if it were done by hand.
      for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
    }
  }

  let waiting = 0;
  const changed = (event) => {
    typed ||= event.isTrusted;
    clearTimeout(waiting);
    waiting = setTimeout(() => say({ kind: "draft", fields: draft() }), 400);
  };
  document.addEventListener("input", changed, true);
  document.addEventListener("change", changed, true);
  // Pages are expected to fill in the assignment themselves; one that forgot is handed in all the same.
  function prepare(form) {
    say({ kind: "draft", fields: draft() });
    const id = new URLSearchParams(location.search).get("assignmentId");
    if (!id || !/externalSubmit/.test(form.getAttribute("action") || "")) return;
    let field = form.elements.namedItem("assignmentId");
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = "assignmentId";
      form.append(field);
    }
    if (!field.value) field.value = id;
  }
  document.addEventListener("submit", (event) => prepare(event.target), true);
  const submit = HTMLFormElement.prototype.submit; // which tells nobody
  HTMLFormElement.prototype.submit = function () {
    prepare(this);
    return submit.call(this);
  };

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || !event.data || event.data.hitdesk !== 1) return;
    if (event.data.kind === "hello" && document.readyState !== "loading") begin();
    if (event.data.kind !== "restore" || typeof event.data.fields !== "object") return;
    before = event.data.fields;
    restore();
  });
  // Pages that draw their fields themselves have them only later.
  window.addEventListener("load", () => setTimeout(restore, 50));
  document.addEventListener("all-crowd-elements-ready", restore);

  let watching = false;
  function begin() {
    const tell = () => say({ kind: "height", height: Math.ceil(Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0)) });
    if (window.ResizeObserver && document.body && !watching) {
      watching = true;
      new ResizeObserver(tell).observe(document.body);
    }
    tell();
    say({ kind: "ready" });
    for (const url of failed) say({ kind: "missing", url: url.slice(0, 500) });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
