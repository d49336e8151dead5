/** Building DOM without ever parsing text as markup: what a requester or a worker wrote stays text. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. `props`: `on…` are listeners, `class`, `part`, `aria-…`, `data-…`, `style…` and all else attributes;
 * true is an empty attribute; false, null and undefined leave it away; `.name` sets a property.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node|string|null|undefined|false)} children
 */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (name.startsWith(".")) {
      element[name.slice(1)] = value;
    } else {
      setAttribute(element, name, value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Replace all children. */
export function replace(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

/** An address that may be followed or loaded; "" for `javascript:` and other schemes that run something. */
export function safeUrl(text, { pictures = false } = {}) {
  const value = String(text ?? "").trim();
  if (!value) {
    return "";
  }
  let scheme;
  try {
    scheme = new URL(value, document.baseURI).protocol;
  } catch {
    return "";
  }
  const allowed = pictures ? ["http:", "https:", "blob:", "data:"] : ["http:", "https:", "mailto:"];
  if (!allowed.includes(scheme) || (scheme === "data:" && !/^data:image\//i.test(value))) {
    return "";
  }
  return value;
}

/** Tell listeners on the page: `input` while something changes, `change` when it has. */
export function tell(element, ...types) {
  for (const type of types) {
    element.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  }
}

/** The element that has the focus, also inside shadow roots. */
export function focused() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) {
    element = element.shadowRoot.activeElement;
  }
  return element;
}

const TYPING = new Set(["text", "search", "url", "tel", "email", "password", "number", "date", "time", "month", "week", "datetime-local", "range"]);

/** Whether keys now belong to a field: then they are no shortcuts. */
export function isTyping() {
  const element = focused();
  if (!element) {
    return false;
  }
  const tag = element.localName;
  return tag === "textarea" || tag === "select" || element.isContentEditable || (tag === "input" && TYPING.has(element.type)) ||
    tag === "audio" || tag === "video" || tag === "iframe";
}

let lastId = 0;

/** An id that nothing else on the page has. */
export function freshId(prefix = "crowd") {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
