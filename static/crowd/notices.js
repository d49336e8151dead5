/** crowd-alert, crowd-toast, crowd-badge. */

import { h, replace, setAttribute } from "./dom.js";
import { CrowdElement } from "./element.js";
import { icon } from "./icons.js";

const KINDS = { info: "info", success: "done", warning: "warning", error: "error" };

export class CrowdAlert extends CrowdElement {
  static observedAttributes = ["type", "dismissible"];
  static css = `
:host { display: block; margin: 0.5rem 0; }
.alert { display: flex; gap: 0.75rem; align-items: flex-start; padding: 0.75rem 1rem; border: 1px solid; border-left-width: 4px; border-radius: var(--radius); }
.alert .icon { margin-top: 0.125rem; }
.words { flex: 1; min-width: 0; color: var(--ink); overflow-wrap: anywhere; }
.info { color: var(--accent); background: var(--accent-soft); }
.success { color: var(--green); background: var(--green-soft); }
.warning { color: var(--amber); background: var(--amber-soft); }
.error { color: var(--red); background: var(--red-soft); }
.tool { min-width: 2rem; min-height: 2rem; padding: 0 0.25rem; margin: -0.25rem -0.5rem -0.25rem 0; }
`;

  build() {
    this.slotted = h("slot");
  }

  update() {
    const type = this.attr("type", "info").trim().toLowerCase();
    const kind = Object.hasOwn(KINDS, type) ? type : "info";
    replace(
      this.shadowRoot,
      h(
        "div",
        { class: `alert ${kind}`, part: "alert", role: kind === "error" || kind === "warning" ? "alert" : "status" },
        icon(KINDS[kind]),
        h("div", { class: "words" }, this.slotted),
        this.hasAttribute("dismissible")
          ? h("button", { type: "button", class: "tool", "aria-label": "Dismiss", onclick: () => (this.hidden = true) }, icon("close"))
          : null,
      ),
    );
  }
}

let lastPress = 0; // px from the top of the frame: where the worker is looking

export class CrowdToast extends CrowdElement {
  static observedAttributes = ["text", "duration", "opened"];
  static settable = ["text", "duration", "opened"];
  static css = `
:host { position: fixed; z-index: 1000; left: 50%; bottom: 1.25rem; max-width: min(32rem, calc(100% - 2rem)); transform: translateX(-50%); padding: 0.75rem 1.125rem; border-radius: var(--radius); background: light-dark(#222b35, #e6ebf1); color: light-dark(#ffffff, #171d25); font-size: 0.9375rem; box-shadow: 0 0.5rem 1.5rem rgb(0 0 0 / 30%); overflow-wrap: anywhere; }
:host(:not([opened])) { display: none; }
`;
  #timer = 0;

  build() {
    this.words = h("span");
    this.shadowRoot.append(this.words, h("slot"));
    this.setAttribute("role", "status");
    document.addEventListener("pointerdown", (event) => (lastPress = event.clientY), { capture: true, passive: true });
    // As it always was: a toast on the page shows itself, for a while.
    queueMicrotask(() => this.show());
  }

  update() {
    this.words.textContent = this.attr("text");
  }

  /** For `duration` milliseconds; 0 stays until it is closed. */
  show() {
    this.toggleAttribute("opened", true);
    // The lower edge of a frame as tall as its page may be far away.
    const isTall = window.innerHeight > 900;
    this.style.bottom = isTall ? "auto" : "";
    this.style.top = isTall ? `${Math.min(Math.max(16, lastPress + 40), window.innerHeight - 80)}px` : "";
    clearTimeout(this.#timer);
    const duration = Math.min(this.attrNumber("duration", 3000), 3_600_000);
    if (duration > 0) {
      this.#timer = setTimeout(() => this.hide(), duration);
    }
  }

  open() {
    this.show();
  }

  hide() {
    this.toggleAttribute("opened", false);
  }

  close() {
    this.hide();
  }

  get opened() {
    return this.hasAttribute("opened");
  }

  set opened(value) {
    value ? this.show() : this.hide();
  }

  get duration() {
    return this.attrNumber("duration", 3000);
  }

  set duration(value) {
    this.setAttribute("duration", value);
  }

  get text() {
    return this.attr("text");
  }

  set text(words) {
    this.setAttribute("text", words);
  }
}

export class CrowdBadge extends CrowdElement {
  static observedAttributes = ["for", "icon", "label", "aria-label"];
  static css = `
:host { position: absolute; z-index: 1; display: inline-flex; align-items: center; justify-content: center; min-width: 1.375rem; height: 1.375rem; padding: 0 0.375rem; border-radius: 1rem; background: var(--red); color: var(--paper); font-size: 0.75rem; font-weight: 700; line-height: 1; pointer-events: none; }
:host([unplaced]) { position: static; vertical-align: middle; }
.icon { width: 0.875rem; height: 0.875rem; stroke-width: 2.6; }
`;

  build() {
    this.content = h("span", { part: "label" });
    this.shadowRoot.append(this.content);
    this.watch = new ResizeObserver(() => this.#place());
  }

  connectedCallback() {
    super.connectedCallback();
    window.addEventListener("resize", this.#later);
    requestAnimationFrame(this.#later);
  }

  disconnectedCallback() {
    window.removeEventListener("resize", this.#later);
    this.watch.disconnect();
  }

  #later = () => this.isConnected && this.#place();

  update() {
    const label = [...this.attr("label")].slice(0, 3).join("");
    replace(this.content, icon(this.getAttribute("icon")) ?? label);
    setAttribute(this.content, "aria-label", this.getAttribute("aria-label"));
    this.#place();
  }

  get target() {
    const id = this.attr("for");
    return id ? this.getRootNode().getElementById?.(id) : this.parentElement;
  }

  /** At the upper right corner of its target. */
  #place() {
    const target = this.target;
    this.toggleAttribute("unplaced", !target);
    if (!target || !this.isConnected) {
      return;
    }
    this.watch.observe(target);
    const box = target.getBoundingClientRect();
    // From wherever "0, 0" is for it, which depends on what the page around it has positioned.
    this.style.left = this.style.top = "0px";
    const own = this.getBoundingClientRect();
    this.style.left = `${Math.round(box.right - own.left - own.width / 2 - 4)}px`;
    this.style.top = `${Math.round(box.top - own.top - own.height / 2 + 2)}px`;
  }
}
