/** What all elements have in common: a shadow root built once, attributes that are looked at again when they change,
    and properties that survive being set before the element was defined. */

import { loose } from "./loose.js";
import { sheet } from "./look.js";

export class CrowdElement extends HTMLElement {
  /** CSS of the element, in addition to the tokens all share. */
  static css = "";
  /** Properties a page may have set before the element was defined. */
  static settable = [];

  #built = false;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.shadowRoot.adoptedStyleSheets = [sheet("base"), sheet(this.constructor)];
  }

  /** @abstract Put the parts into the shadow root. Children and attributes are there. */
  build() {}

  /** @abstract Look at the attributes (again). `name` is the one that changed, or "" at first. */
  update(_name) {}

  get isBuilt() {
    return this.#built;
  }

  connectedCallback() {
    if (this.#built) {
      return;
    }
    const early = new Map();
    for (const name of this.constructor.settable) {
      if (Object.hasOwn(this, name)) {
        early.set(name, this[name]);
        delete this[name];
      }
    }
    this.build();
    this.#built = true;
    this.update("");
    for (const [name, value] of early) {
      this[name] = value;
    }
  }

  attributeChangedCallback(name, before, after) {
    if (this.#built && before !== after) {
      this.update(name);
    }
  }

  /** The value of an attribute that holds something like JSON. */
  attrLoose(name, otherwise) {
    return loose(this.getAttribute(name), otherwise);
  }

  /** The text of an attribute. (Not called `text`: that is a property of some elements.) */
  attr(name, otherwise = "") {
    return this.getAttribute(name) ?? otherwise;
  }

  attrNumber(name, otherwise) {
    const value = Number.parseFloat(this.getAttribute(name) ?? "");
    return Number.isFinite(value) ? value : otherwise;
  }

  get name() {
    return this.attr("name");
  }

  set name(value) {
    this.setAttribute("name", value);
  }

  get disabled() {
    return this.hasAttribute("disabled");
  }

  set disabled(value) {
    this.toggleAttribute("disabled", Boolean(value));
  }

  get required() {
    return this.hasAttribute("required");
  }

  set required(value) {
    this.toggleAttribute("required", Boolean(value));
  }
}
