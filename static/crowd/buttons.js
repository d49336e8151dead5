/** crowd-button, crowd-icon-button, crowd-fab. */

import { h, replace, safeUrl, setAttribute } from "./dom.js";
import { CrowdElement } from "./element.js";
import { icon } from "./icons.js";

const BUTTON = `
:host { display: inline-block; vertical-align: middle; line-height: 1.25; }
:host([disabled]) { pointer-events: none; }
.button { display: inline-flex; align-items: center; justify-content: center; gap: 0.5rem; width: 100%; min-height: 2.5rem; padding: 0.5rem 1.125rem; border: 1px solid var(--line-2); border-radius: var(--radius); background: var(--paper); color: inherit; font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; touch-action: manipulation; }
.button:hover { background: var(--paper-2); border-color: var(--ink-2); }
.button:disabled, .button[aria-disabled="true"] { opacity: 0.55; cursor: default; }
.primary { border-color: transparent; background: var(--accent); color: var(--on-accent); }
.primary:hover:not(:disabled) { background: color-mix(in srgb, var(--accent) 88%, black); border-color: transparent; }
.as-link { border-color: transparent; background: none; color: var(--accent); text-decoration: underline; text-underline-offset: 0.18em; }
.as-icon { padding: 0.5rem; border-color: transparent; background: none; }
.round { min-height: 3.5rem; min-width: 3.5rem; width: auto; padding: 0 1rem; border: 0; border-radius: 1.75rem; background: var(--accent); color: var(--on-accent); font-size: 1.125rem; box-shadow: 0 2px 8px rgb(0 0 0 / 25%); }
.round:hover:not(:disabled) { background: color-mix(in srgb, var(--accent) 88%, black); }
img { width: 1.25em; height: 1.25em; object-fit: contain; }
.spin { width: 1em; height: 1em; border: 2px solid currentColor; border-right-color: transparent; border-radius: 50%; animation: spin 0.8s linear infinite; }
@keyframes spin { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .spin { animation-duration: 4s; } }
`;

class Pressable extends CrowdElement {
  static css = BUTTON;

  focus(options) {
    this.shadowRoot.querySelector("button, a")?.focus(options);
  }

  click() {
    this.shadowRoot.querySelector("button, a")?.click();
  }

  get isOff() {
    return this.disabled || this.hasAttribute("loading");
  }
}

export class CrowdButton extends Pressable {
  static observedAttributes = ["variant", "href", "target", "icon", "icon-align", "icon-url", "disabled", "loading", "aria-label"];
  static settable = ["disabled", "loading", "variant", "href"];

  build() {
    this.slotted = h("slot");
    this.addEventListener("click", (event) => {
      if (this.isOff) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      // After the page's own listeners, which may take the press back.
      queueMicrotask(() => !event.defaultPrevented && this.#act());
    });
  }

  #act() {
    const what = this.getAttribute("form-action");
    const form = this.closest("crowd-form") ?? this.getRootNode().host?.closest?.("crowd-form");
    if (what === "submit") {
      form?.requestSubmit(this);
    } else if (what === "reset") {
      form?.reset();
    }
  }

  update() {
    const variant = this.attr("variant", "normal").trim().toLowerCase();
    const href = safeUrl(this.getAttribute("href"));
    const loading = this.hasAttribute("loading");
    const picture = safeUrl(this.getAttribute("icon-url"), { pictures: true });
    const drawn = loading
      ? h("span", { class: "spin", "aria-hidden": "true" })
      : picture
        ? h("img", { src: picture, alt: "" })
        : icon(this.getAttribute("icon"));
    const style = { primary: "primary", link: "as-link", icon: "as-icon" }[variant] ?? "";
    const off = this.isOff;
    const props = { class: `button ${style}`, part: "button", "aria-label": this.getAttribute("aria-label"), "aria-busy": loading ? "true" : null };
    const hadFocus = this.shadowRoot.activeElement !== null;
    const button =
      href && !off
        ? h("a", { ...props, href, target: this.getAttribute("target") ?? null, rel: "noopener noreferrer" })
        : h("button", { ...props, type: "button", disabled: off });
    button.append(...(this.getAttribute("icon-align") === "right" ? [this.slotted, drawn] : [drawn, this.slotted]).filter(Boolean));
    replace(this.shadowRoot, button);
    if (hadFocus) {
      button.focus();
    }
  }

  get loading() {
    return this.hasAttribute("loading");
  }

  set loading(value) {
    this.toggleAttribute("loading", Boolean(value));
  }

  get variant() {
    return this.attr("variant", "normal");
  }

  set variant(value) {
    this.setAttribute("variant", value);
  }

  get href() {
    return this.attr("href");
  }

  set href(value) {
    this.setAttribute("href", value);
  }
}

export class CrowdIconButton extends Pressable {
  static observedAttributes = ["icon", "disabled", "aria-label", "title"];
  static settable = ["disabled"];

  build() {
    this.button = h("button", { type: "button", class: "button as-icon", part: "button" });
    this.shadowRoot.append(this.button, h("slot"));
  }

  update() {
    const name = this.attr("icon").replace(/^.*:/, "");
    this.button.disabled = this.disabled;
    setAttribute(this.button, "aria-label", this.getAttribute("aria-label") ?? this.getAttribute("title") ?? name.replaceAll("-", " "));
    // A drawing we do not have is said in words rather than left away.
    replace(this.button, icon(name) ?? name.replaceAll("-", " "));
  }
}

export class CrowdFab extends Pressable {
  static observedAttributes = ["icon", "label", "title", "disabled", "aria-label"];
  static settable = ["disabled"];

  build() {
    this.button = h("button", { type: "button", class: "button round", part: "button" });
    this.shadowRoot.append(this.button, h("slot"));
  }

  update() {
    const title = this.attr("title");
    const label = [...this.attr("label")][0] ?? "";
    this.button.disabled = this.disabled;
    setAttribute(this.button, "aria-label", this.getAttribute("aria-label") ?? (title || this.attr("icon").replace(/^.*:/, "") || label));
    replace(this.button, icon(this.getAttribute("icon")) ?? (label || "•"));
  }
}
