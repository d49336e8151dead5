/** crowd-form: gathers what its elements and the page's own fields say, checks it, and sends it to MTurk's address. */

import { collect, fields, serialize, sorted } from "./answers.js";
import { h, replace } from "./dom.js";
import { CrowdElement } from "./element.js";

const PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE";

/** What the frame's address says: `{assignmentId, hitId, workerId, turkSubmitTo}`, "" where it says nothing. */
function parameters() {
  const query = new URLSearchParams(window.location.search);
  const found = {};
  for (const name of ["assignmentId", "hitId", "workerId", "turkSubmitTo"]) {
    found[name] = query.get(name) ?? "";
  }
  return found;
}

/** Where answers go: the marketplace that opened the frame, else the one these files came from. */
function submitUrl() {
  for (const origin of [parameters().turkSubmitTo, import.meta.url]) {
    try {
      const url = new URL("/mturk/externalSubmit", origin);
      if (url.protocol === "https:" || url.protocol === "http:") {
        return url.href;
      }
    } catch {
      // No address at all: the next one.
    }
  }
  return "/mturk/externalSubmit";
}

export class CrowdForm extends CrowdElement {
  static css = `
:host { display: block; }
#errors-box:not(:empty) { margin: 0.75rem 0; padding: 0.75rem 1rem; border: 1px solid var(--red); border-radius: var(--radius); background: var(--red-soft); color: var(--red); font-weight: 500; }
#answers-box { margin: 1rem 0; padding: 0.875rem 1rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--paper-2); font-size: 0.9375rem; }
#answers-box p { margin: 0 0 0.5rem; font-weight: 600; }
#answers-box pre { margin: 0; max-height: 20rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; font: 0.8125rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
`;
  static settable = ["draft"];

  #sending = false;

  build() {
    this.errors = h("div", { id: "errors-box", role: "alert", part: "errors" });
    this.answersBox = h("div", { id: "answers-box", part: "answers", hidden: true, tabindex: "-1", role: "status" });
    this.helper = h("form", { id: "helper-form", method: "post", hidden: true, ".enctype": "application/x-www-form-urlencoded" });
    this.shadowRoot.append(h("slot"), this.errors, this.answersBox, this.helper);
    this.form = this.#innerForm();
    this.#addSubmit();
    this.addEventListener("submit", (event) => this.#nativeSubmit(event), true);
    // A field said to be wrong is looked at again as soon as it changes.
    this.addEventListener("change", (event) => this.#again(event));
    this.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
        event.preventDefault();
        this.requestSubmit();
      }
    });
    window.addEventListener("pageshow", () => this.#sent(false));
  }

  /** The author's children go into a form of their own, as scripts expect to find them. */
  #innerForm() {
    const form = h("form", { method: "post", action: submitUrl(), novalidate: true });
    const children = [...this.childNodes];
    this.append(form);
    for (const child of children) {
      // moveBefore keeps what a frame or a film is showing.
      if (typeof form.moveBefore === "function") {
        form.moveBefore(child, null);
      } else {
        form.append(child);
      }
    }
    // Whoever sends the inner form by hand means all answers, not only the ones a browser would find in it.
    form.submit = () => this.submit();
    return form;
  }

  #addSubmit() {
    if (this.hasAttribute("without-submit") || this.form.querySelector('crowd-button[form-action="submit"]')) {
      return;
    }
    const button = h("crowd-button", { "form-action": "submit", variant: "primary", "data-testid": "crowd-submit" }, "Submit");
    button.style.marginTop = "1rem";
    this.form.append(button);
    // Questions that a script adds later belong above it.
    new MutationObserver(() => {
      if (this.form.lastElementChild !== button && button.parentNode === this.form) {
        this.form.append(button);
      }
    }).observe(this.form, { childList: true });
  }

  /** A browser's own submit (Enter in a field, a plain submit button) becomes ours, which asks all elements. */
  #nativeSubmit(event) {
    if (!event.isTrusted) {
      return;
    }
    if (event.target === this.form) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.requestSubmit(event.submitter);
      return;
    }
    // A form inside of ours would take the worker away from the page: it means to submit the task. It is asked last,
    // after its own listeners; browsers do not let its event come up to us.
    const asked = () => {
      if (!event.defaultPrevented) {
        event.preventDefault();
        this.requestSubmit();
      }
    };
    event.target.addEventListener("submit", asked, { once: true });
  }

  #again(event) {
    for (const element of event.composedPath()) {
      if (element === this) {
        return;
      }
      if (element.hasProblem && typeof element.check === "function") {
        element.check();
        return;
      }
    }
  }

  /** Every field, of ours and of the page. A widget that wraps this form counts as one of them. */
  get fields() {
    const host = this.getRootNode().host;
    const own = host && typeof host.answer === "function" && host.isOwnForm ? [host] : [];
    return [...own, ...fields(this)];
  }

  /** The form around the widget this one is inside of: that one sends. */
  get #outer() {
    return this.getRootNode().host?.outer ?? null;
  }

  /** Check, let the page's own listeners object, and send. */
  requestSubmit(submitter = null) {
    if (this.#outer) {
      return this.#outer.requestSubmit();
    }
    if (this.#sending) {
      return false;
    }
    if (!this.#check()) {
      return false;
    }
    const native = submitter instanceof HTMLElement && submitter.form === this.form ? submitter : null;
    if (!this.form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true, composed: true, submitter: native }))) {
      return false;
    }
    this.submit();
    return true;
  }

  #check() {
    let first = null;
    let count = 0;
    for (const element of this.fields) {
      const wrong = typeof element.check === "function" ? element.check() !== "" : typeof element.answer !== "function" && !element.checkValidity();
      if (wrong) {
        count += 1;
        first ??= element;
      }
    }
    if (!first) {
      replace(this.errors);
      return true;
    }
    replace(this.errors, count === 1 ? "One answer above needs a look." : `${count} answers above need a look.`);
    if (typeof first.check === "function") {
      first.scrollIntoView({ block: "center" });
      first.focus({ preventScroll: true });
    } else {
      first.reportValidity();
    }
    return false;
  }

  /** Send without checking and without asking the page, as `form.submit()` does. */
  submit() {
    if (this.#outer) {
      this.#outer.submit();
      return;
    }
    if (this.#sending) {
      return;
    }
    const { assignmentId } = parameters();
    if (!assignmentId || assignmentId === PREVIEW) {
      this.#show(assignmentId === PREVIEW);
      return;
    }
    this.#sent(true);
    this.dispatchEvent(new CustomEvent("crowd-form-sent", { bubbles: true, composed: true }));
    this._submitHelperForm();
  }

  /** The last step, which a page that hosts tasks may replace: post `_serializeForm()` with the assignment's id. */
  _submitHelperForm() {
    this.helper.setAttribute("action", submitUrl());
    const answers = { assignmentId: parameters().assignmentId, ...this._serializeForm() };
    replace(this.helper, ...Object.entries(answers).map(([name, value]) => h("input", { type: "hidden", name, ".value": value })));
    // Not `this.helper.submit()`: an answer may be called "submit".
    HTMLFormElement.prototype.submit.call(this.helper);
  }

  /** The fields that are posted: `{taskAnswers: "[{…}]"}`, or a dotted name for each answer. */
  _serializeForm() {
    return serialize(this.answers, this.attr("answer-format").trim().toLowerCase() === "flatten-objects");
  }

  /** The tree of answers as it is now: name -> value. */
  get answers() {
    return collect(this.fields);
  }

  #sent(sending) {
    this.#sending = sending;
    for (const button of this.querySelectorAll('crowd-button[form-action="submit"]')) {
      button.toggleAttribute("loading", sending);
    }
  }

  /** Opened outside a marketplace, or as a preview: nothing is sent, and it can be seen what would be. */
  #show(isPreview) {
    const format = (text) => {
      try {
        return JSON.stringify(sorted(JSON.parse(text)), null, 1);
      } catch {
        return text;
      }
    };
    const why = isPreview ? "This is a preview, so nothing was sent; accept the task first." : "This page was opened outside of a task, so nothing was sent.";
    const lines = Object.entries(this._serializeForm()).map(([name, value]) => `${name} = ${name === "taskAnswers" ? format(value) : value}`);
    replace(this.answersBox, h("p", {}, `${why} The answer would be:`), h("pre", {}, lines.join("\n").slice(0, 200_000)));
    this.answersBox.hidden = false;
    this.answersBox.focus();
    this.answersBox.scrollIntoView({ block: "nearest" });
  }

  reset() {
    HTMLFormElement.prototype.reset.call(this.form);
    for (const element of this.fields) {
      if (typeof element.answer === "function") {
        element.reset?.();
      }
    }
    replace(this.errors);
    this.answersBox.hidden = true;
  }

  /** What was done so far, to be kept and put back after a reload: `[[name, what], …]` in the order of the page. */
  get draft() {
    return this.fields.map((element) => [element.getAttribute("name") ?? "", typeof element.answer === "function" ? element.draft : nativeDraft(element)]);
  }

  set draft(saved) {
    if (!Array.isArray(saved)) {
      return;
    }
    const waiting = new Map();
    for (const [name, what] of saved) {
      waiting.set(name, [...(waiting.get(name) ?? []), what]);
    }
    for (const element of this.fields) {
      const what = waiting.get(element.getAttribute("name") ?? "")?.shift();
      if (what === undefined || what === null) {
        continue;
      }
      if (typeof element.answer === "function") {
        element.draft = what;
      } else {
        putNativeDraft(element, what);
      }
    }
  }
}

function nativeDraft(element) {
  if (element.type === "file" || element.type === "password" || element.type === "hidden") {
    return null;
  }
  if (element.type === "checkbox" || element.type === "radio") {
    return element.checked;
  }
  return element.type === "select-multiple" ? [...element.selectedOptions].map((option) => option.value) : element.value;
}

function putNativeDraft(element, what) {
  if (typeof what === "boolean") {
    element.checked = what;
  } else if (Array.isArray(what)) {
    for (const option of element.options ?? []) {
      option.selected = what.includes(option.value);
    }
  } else if (element.type !== "file" && element.type !== "hidden") {
    element.value = what;
  }
}
