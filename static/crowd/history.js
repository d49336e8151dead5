/** What can be undone: states before each change, newest last, in a bounded store. */

const MOST = 100;

export class History {
  /** @param {{take: () => any, put: (state: any) => void, onchange?: () => void}} owner `take` gives a copy. */
  constructor({ take, put, onchange = () => {} }) {
    this.take = take;
    this.put = put;
    this.onchange = onchange;
    this.clear();
  }

  clear() {
    this.past = [];
    this.future = [];
    this.onchange();
  }

  /** Call before a change. */
  keep() {
    this.past.push(this.take());
    this.past.splice(0, this.past.length - MOST);
    this.future = [];
    this.onchange();
  }

  /** The change did not happen after all. */
  forget() {
    this.past.pop();
    this.onchange();
  }

  undo() {
    return this.#step(this.past, this.future);
  }

  redo() {
    return this.#step(this.future, this.past);
  }

  #step(from, to) {
    if (!from.length) {
      return false;
    }
    to.push(this.take());
    this.put(from.pop());
    this.onchange();
    return true;
  }
}

/** Ctrl+Z, Ctrl+Y and their siblings: "undo", "redo" or "". */
export function historyKey(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) {
    return "";
  }
  const key = event.key.toLowerCase();
  if (key === "z") {
    return event.shiftKey ? "redo" : "undo";
  }
  return key === "y" ? "redo" : "";
}
