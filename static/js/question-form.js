// A QuestionForm on our own page: what is typed survives a reload, and what does not fit is said before it is sent.
// The server checks everything again.
//
// form[data-keep=id]                        the assignment or request whose answers are kept
// fieldset[data-least][data-most]           so many of its checkboxes; data-other: a text beside them counts as one
// [data-patterns='[[regex, flags, text]]']  a requester's patterns, tried in a worker that is ended if one runs for ever

import { load, sending, store } from "./worker-drafts.js";

const form = document.querySelector("form[data-question-form]");
const id = form?.dataset.keep || "";
const kept = document.querySelector("[data-kept]");
const MOST_MS = 400;

const fields = () => [...form.elements].filter((field) => field.name && !["csrfmiddlewaretoken", "request"].includes(field.name) && !["submit", "button", "hidden", "file"].includes(field.type));

function draft() {
  const values = {};
  for (const field of fields()) {
    const ticked = field.type === "checkbox" || field.type === "radio";
    const list = (values[field.name] ||= { ticked: [], typed: [] });
    if (ticked) field.checked && list.ticked.push(field.value);
    else if (field.multiple) list.typed.push([...field.selectedOptions].map((option) => option.value));
    else list.typed.push(field.value);
  }
  return values;
}

function restore(values) {
  const place = {};
  for (const field of fields()) {
    const list = values[field.name];
    if (!list || !Array.isArray(list.ticked) || !Array.isArray(list.typed)) continue;
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = list.ticked.includes(field.value);
      continue;
    }
    const value = list.typed[(place[field.name] = (place[field.name] ?? -1) + 1)];
    if (field.multiple && Array.isArray(value)) for (const option of field.options) option.selected = value.includes(option.value);
    else if (typeof value === "string") field.value = value;
  }
}

function checkChoices(group) {
  const boxes = [...group.querySelectorAll("input[type=checkbox]")];
  const other = group.querySelector("[data-other]");
  const count = boxes.filter((box) => box.checked).length + (other && other.value ? 1 : 0);
  const least = Number(group.dataset.least), most = Number(group.dataset.most);
  const needed = "required" in group.dataset;
  let problem = "";
  if (count > most) problem = `Please choose at most ${most}.`;
  else if (count < least && (count || needed)) problem = least === 1 ? "Please choose." : `Please choose at least ${least}.`;
  boxes[0]?.setCustomValidity(problem);
}

// A pattern is a requester's program: it runs where it can be stopped.
function checkPatterns(field) {
  const patterns = JSON.parse(field.dataset.patterns);
  field.setCustomValidity("");
  if (!field.value) return;
  const value = field.value;
  const worker = new Worker(form.dataset.patternWorker);
  const end = setTimeout(() => worker.terminate(), MOST_MS);
  worker.onmessage = (event) => {
    clearTimeout(end);
    worker.terminate();
    if (field.value === value) field.setCustomValidity(typeof event.data === "number" ? patterns[event.data][2] : "");
  };
  worker.postMessage({ value, patterns });
}

function check() {
  for (const group of form.querySelectorAll("[data-most]")) checkChoices(group);
}

if (form && !form.closest("[inert]")) {
  // What the server sent back with a problem is newer than what was kept.
  const values = form.hasAttribute("data-posted") ? null : load(id);
  if (values) {
    restore(values);
    if (kept) kept.hidden = false;
  }
  let waiting = 0;
  form.addEventListener("input", (event) => {
    check();
    if (event.target.dataset.patterns) checkPatterns(event.target);
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (store(id, draft()) && kept) kept.hidden = false;
    }, 300);
  });
  form.addEventListener("submit", () => {
    store(id, draft());
    sending(id);
  });
  check();
  for (const field of form.querySelectorAll("[data-patterns]")) checkPatterns(field);
  form.querySelector("[aria-invalid=true]")?.focus();
}
