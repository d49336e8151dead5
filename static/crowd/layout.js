/** crowd-card, crowd-tabs, crowd-tab, crowd-modal. */

import { dialog } from "./dialog.js";
import { freshId, h, replace, safeUrl } from "./dom.js";
import { CrowdElement } from "./element.js";

export class CrowdCard extends CrowdElement {
  static observedAttributes = ["heading", "image", "elevation"];
  static css = `
:host { display: block; margin: 0.5rem 0; border: 1px solid var(--line); border-radius: 12px; background: var(--paper); box-shadow: 0 1px 3px rgb(20 30 40 / 8%); overflow: hidden; }
:host([elevation="0"]) { box-shadow: none; }
:host([elevation="3"]), :host([elevation="4"]), :host([elevation="5"]) { box-shadow: 0 4px 16px rgb(20 30 40 / 14%); }
img { display: block; width: 100%; max-height: 24rem; object-fit: cover; }
h3 { margin: 0; padding: 1rem 1.25rem 0; font-size: 1.0625rem; font-weight: 650; overflow-wrap: anywhere; }
.content { padding: 1rem 1.25rem; }
`;

  build() {
    this.content = h("div", { class: "content", part: "content" }, h("slot"));
  }

  update() {
    const picture = safeUrl(this.getAttribute("image"), { pictures: true });
    const heading = this.attr("heading");
    replace(
      this.shadowRoot,
      picture ? h("img", { src: picture, alt: "", part: "image" }) : null,
      heading ? h("h3", { part: "heading" }, heading) : null,
      this.content,
    );
  }
}

export class CrowdTabs extends CrowdElement {
  static observedAttributes = ["selected"];
  static css = `
:host { display: block; margin: 0.5rem 0; }
[role="tablist"] { display: flex; gap: 0.25rem; border-bottom: 1px solid var(--line); overflow-x: auto; }
[role="tab"] { flex: none; min-height: 2.75rem; padding: 0.5rem 1rem; border: 0; border-bottom: 3px solid transparent; background: none; color: var(--ink-2); font-weight: 600; cursor: pointer; }
[role="tab"]:hover { color: var(--ink); }
[role="tab"][aria-selected="true"] { border-color: var(--accent); color: var(--accent); }
:focus-visible { outline-offset: -3px; border-radius: 6px; }
`;
  #at = 0;

  build() {
    this.list = h("div", { role: "tablist", part: "tabs", onkeydown: (event) => this.#key(event) });
    this.shadowRoot.append(this.list, h("slot", { onslotchange: () => this.update() }));
    this.addEventListener("crowd-tab-header", () => this.update());
  }

  get tabs() {
    return [...this.children].filter((child) => child.localName === "crowd-tab");
  }

  update(name) {
    const tabs = this.tabs;
    if (name === "selected" || name === "") {
      this.#at = this.attrNumber("selected", this.#at);
    }
    this.#at = Math.min(Math.max(0, Math.floor(this.#at)), Math.max(0, tabs.length - 1));
    const had = this.shadowRoot.activeElement !== null;
    replace(
      this.list,
      tabs.map((tab, index) => {
        const chosen = index === this.#at;
        tab.id ||= freshId("tab");
        tab.setAttribute("role", "tabpanel");
        tab.setAttribute("aria-label", tab.getAttribute("header") ?? `Tab ${index + 1}`);
        tab.toggleAttribute("shown", chosen);
        return h(
          "button",
          { type: "button", role: "tab", part: "tab", "aria-selected": String(chosen), tabindex: chosen ? "0" : "-1", onclick: () => this.select(index) },
          tab.getAttribute("header") ?? `Tab ${index + 1}`,
        );
      }),
    );
    if (had) {
      this.list.children[this.#at]?.focus();
    }
  }

  select(index) {
    this.#at = index;
    this.update();
    this.list.children[this.#at]?.focus();
  }

  #key(event) {
    const count = this.tabs.length;
    const to = { ArrowRight: this.#at + 1, ArrowLeft: this.#at - 1, Home: 0, End: count - 1 }[event.key];
    if (to !== undefined && count) {
      event.preventDefault();
      this.select((to + count) % count);
    }
  }
}

export class CrowdTab extends CrowdElement {
  static observedAttributes = ["header"];
  static css = ":host { display: block; padding: 1rem 0.25rem; } :host(:not([shown])) { display: none; }";

  build() {
    this.shadowRoot.append(h("slot"));
  }

  update() {
    this.dispatchEvent(new Event("crowd-tab-header", { bubbles: true }));
  }
}

/** A link or a button that opens something: crowd-modal, and crowd-instructions after it. */
export class Opener extends CrowdElement {
  static observedAttributes = ["link-text", "link-type"];
  static css = `
:host { display: inline-block; margin: 0.375rem 0; }
.button { min-height: 2.5rem; padding: 0.5rem 1.125rem; border: 1px solid var(--line-2); border-radius: var(--radius); background: var(--paper); font-weight: 600; cursor: pointer; }
.button:hover { background: var(--paper-2); }
.link { min-height: 2rem; }
`;
  static words = "Open";

  /** @abstract What the dialog holds. */
  content() {
    return [h("slot")];
  }

  build() {
    this.opener = h("button", { type: "button", part: "link", "aria-haspopup": "dialog", onclick: () => this.open() });
    this.dialog = dialog("", ...this.content());
    this.shadowRoot.append(this.opener, this.dialog);
  }

  update() {
    const words = this.attr("link-text") || this.constructor.words;
    this.opener.className = this.attr("link-type").trim() === "button" ? "button" : "link";
    this.opener.textContent = words;
    this.dialog.titled(this.title_ ?? words);
  }

  open() {
    this.dialog.open_by(this.opener);
  }

  close() {
    this.dialog.close();
  }
}

export class CrowdModal extends Opener {
  static words = "Click to open modal";
}
