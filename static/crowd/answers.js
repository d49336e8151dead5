/** What a form sends: one tree of answers, and the two ways it is written. */

const NATIVE = new Set(["input", "select", "textarea"]);
const UNSENT = new Set(["submit", "button", "image", "reset", "file"]);
const RESERVED = new Set(["assignmentId", "hitId", "workerId", "turkSubmitTo"]);
const DEEPEST = 60;

/** Every field below `root` in the order of the page: our elements, and the page's own `input`, `select`, `textarea`. */
export function fields(root) {
  const found = [];
  for (const element of root.querySelectorAll("*")) {
    if (typeof element.answer === "function" || NATIVE.has(element.localName)) {
      found.push(element);
      // Questions that a script added to a widget's own form, where that is inside another one.
      if (element.innerForm && !element.isOwnForm) {
        found.push(...fields(element.innerForm));
      }
    }
  }
  return found;
}

/**
 * The tree of answers: name -> text, number, object or list. Choices say also what was not chosen.
 * @param {Element[]} list what `fields` found
 */
export function collect(list) {
  const tree = {};
  for (const element of list) {
    const name = element.getAttribute("name");
    if (!name || name === "__proto__") {
      continue;
    }
    const value = typeof element.answer === "function" ? element.answer() : nativeAnswer(element);
    if (value !== undefined) {
      add(tree, name, value);
    }
  }
  return tree;
}

function nativeAnswer(element) {
  if (element.matches(":disabled") || UNSENT.has(element.type)) {
    return undefined;
  }
  if (element.type === "checkbox" || element.type === "radio") {
    return { [element.getAttribute("value") ?? "on"]: element.checked };
  }
  if (element.type === "select-multiple") {
    return [...element.selectedOptions].map((option) => option.value);
  }
  return element.value;
}

/** A name that comes again: choices go together; of other values the last one holds, which templates use to drop some. */
function add(tree, name, value) {
  const before = Object.hasOwn(tree, name) ? tree[name] : undefined;
  if (before === undefined) {
    tree[name] = value;
  } else if (isObject(before) && isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      // Two radio buttons of one value: chosen if one of them is.
      before[key] = typeof item === "boolean" ? item || before[key] === true : item;
    }
  } else {
    tree[name] = value;
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same with the keys of every object in alphabetical order; what JSON cannot hold is left away. */
export function sorted(value, depth = 0) {
  if (depth > DEEPEST) {
    return null;
  }
  if (Array.isArray(value)) {
    return value.map((item) => sorted(item, depth + 1));
  }
  if (isObject(value)) {
    const result = {};
    for (const key of Object.keys(value).sort()) {
      if (value[key] !== undefined && typeof value[key] !== "function") {
        Object.defineProperty(result, key, { value: sorted(value[key], depth + 1), enumerable: true });
      }
    }
    return result;
  }
  return value;
}

/**
 * The fields to be posted: one `taskAnswers`, or one for each leaf of the tree.
 * @returns {Record<string, string>}
 */
export function serialize(tree, flat) {
  const whole = sorted(tree);
  if (!flat) {
    return { taskAnswers: JSON.stringify([whole]) };
  }
  const result = {};
  flatten(whole, "", result);
  return result;
}

/** Objects become dotted names; a list stays one field of JSON. */
function flatten(value, path, result) {
  if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      flatten(item, path ? `${path}.${key}` : key, result);
    }
  } else if (value !== null && value !== undefined && !RESERVED.has(path)) {
    result[path] = Array.isArray(value) ? JSON.stringify(value) : String(value);
  }
}
