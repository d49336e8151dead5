// The keyboard. (htmx's own key filters need eval, which our policy forbids.)
//
// data-key="a"            pressing a clicks this link, button or summary, or focuses this input; the first usable one wins
// data-key-label="…"      its words in the list that ? opens (else its text)
// data-key-here="b"       a key that works only where the focus is, by a script of its own: it stands in that list
// data-rows               a list in which j and k move; [data-row] are its rows, keys inside a row work on the current one
// [data-row-open]         the link that Enter opens; [data-select] the checkbox that x ticks
// data-focus              gets the focus when the <details> around it opens, or when it is loaded into an open one
// data-key-next, -previous, -select   on data-rows: this person's keys instead of j, k and x
//
// Nothing fires while something is typed, composed (IME) or held down, with Ctrl, Alt, AltGr or Meta, nor behind a dialog.
// What decides (data-decides on its form) waits until what is on the screen has been there for a moment: the second tap of
// a double tap is not a decision about the next one.

const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]";

const MOMENT = 150; // ms

const typing = (element) => element?.matches?.(TYPING) ?? false;
const usable = (element) =>
  !element.disabled && element.getAttribute("aria-disabled") !== "true" && element.getClientRects().length > 0 &&
  (element.checkVisibility?.() ?? true);

let shownAt = 0;
const justShown = () => (shownAt = performance.now());
document.addEventListener("workbench:shown", justShown);

// j, k and x, or what this person has instead.
function rowKeys() {
  const { keyNext = "j", keyPrevious = "k", keySelect = "x" } = document.querySelector("[data-rows]")?.dataset ?? {};
  return { next: keyNext || "j", previous: keyPrevious || "k", select: keySelect || "x" };
}

const rowsOf = () => [...document.querySelectorAll("[data-rows] [data-row]")];
const currentRow = () => document.querySelector("[data-rows] [data-row].is-current");

function setCurrent(row) {
  if (!row) return;
  for (const other of document.querySelectorAll("[data-row].is-current")) other.classList.remove("is-current");
  row.classList.add("is-current");
  (row.querySelector("[data-row-open]") ?? row.querySelector("a, button, input"))?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  lastRow = row.id;
}

let lastRow = "";

function step(by) {
  const rows = rowsOf();
  if (!rows.length) return false;
  const at = rows.indexOf(currentRow());
  setCurrent(rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)]);
  return true;
}

function find(key) {
  const matching = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter(usable);
  const row = currentRow();
  return matching.find((element) => {
    const own = element.closest("[data-row]");
    return !own || own === row;
  });
}

function press(element) {
  if (element.closest("[data-decides]") && performance.now() - shownAt < MOMENT) return;
  if (typing(element)) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

function listKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  if (dialog.open) return dialog.close();
  const seen = new Map(), here = new Map();
  for (const element of document.querySelectorAll("[data-key], [data-key-here]")) {
    if (element.dataset.keyHere && element.getClientRects().length) here.set(element.dataset.keyHere, element.dataset.keyLabel);
    if (!element.dataset.key) continue;
    const words = element.dataset.keyLabel || element.getAttribute("aria-label") || element.textContent.trim().replace(/\s+/g, " ");
    if (!seen.has(element.dataset.key)) seen.set(element.dataset.key, words);
  }
  if (rowsOf().length) {
    const { next, previous, select } = rowKeys();
    seen.set(next, "next row").set(previous, "previous row").set("Enter", "open the row").set(select, "select the row");
  }
  seen.set("?", "this list").set("Esc", "leave a text box, close what is open");
  const list = dialog.querySelector("dl");
  list.replaceChildren();
  for (const [key, words] of [...here, ...seen]) {
    const term = document.createElement("dt"), kbd = document.createElement("kbd"), text = document.createElement("dd");
    kbd.textContent = key;
    text.textContent = words;
    term.append(kbd);
    list.append(term, text);
  }
  dialog.showModal();
}

function escape(event) {
  if (document.querySelector("dialog[open]")) return; // it closes by itself, and nothing behind it
  const details = event.target.closest?.("details[open]") ?? document.querySelector("details[open][name], details[open].menu, details[open].help");
  if (typing(event.target)) event.target.blur();
  if (details) {
    details.open = false;
    details.querySelector("summary")?.focus();
  }
}

const stepping = (element) => "step" in (element?.dataset ?? {});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  // Inside a shadow root the event's target is its host.
  const at = event.composedPath?.()[0] ?? event.target;
  if (event.key === "Escape") return escape(event);
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && at.form && !event.repeat) {
    event.preventDefault();
    return at.form.requestSubmit();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.getModifierState?.("AltGraph")) return;
  // Shift makes another sign of a key; where it left a small letter (Caps Lock), nobody meant that one.
  if (event.shiftKey && event.key !== event.key.toUpperCase()) return;
  // In an open panel letters are for it, also on its buttons: an "a" there is no approval.
  if (typing(at) || at.isContentEditable || at.closest?.(".bar-panel") || document.querySelector("dialog[open]:not(#keys)")) return;
  if (event.key === "?") {
    event.preventDefault();
    return event.repeat ? undefined : listKeys();
  }
  if (document.getElementById("keys")?.open) return;
  const target = event.key.length === 1 ? find(event.key) : undefined;
  if (target) {
    event.preventDefault();
    return event.repeat && !stepping(target) ? undefined : press(target);
  }
  const row = currentRow(), keys = rowKeys();
  const handled =
    (event.key === keys.next && step(1)) ||
    (event.key === keys.previous && step(-1)) ||
    (event.key === keys.select && row && (event.repeat || row.querySelector("[data-select]")?.click(), true)) ||
    (event.key === "Enter" && row && at === document.body && (event.repeat || row.querySelector("[data-row-open]")?.click(), true));
  if (handled) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-keys-open]")) listKeys();
  if (event.target.closest?.("[data-dialog-close]")) event.target.closest("dialog").close();
  const row = event.target.closest?.("[data-rows] [data-row]");
  if (row && row !== currentRow()) {
    for (const other of document.querySelectorAll("[data-row].is-current")) other.classList.remove("is-current");
    row.classList.add("is-current");
    lastRow = row.id;
  }
  // Menus close when the click was elsewhere; panels in which something is being typed stay.
  for (const menu of document.querySelectorAll("details.menu[open], details.help[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details[open]")) event.target.querySelector("[data-focus]")?.focus();
}, true);

// A row that came back from the server is still the current one; what was loaded into an open panel gets the focus.
document.addEventListener("htmx:afterSettle", (event) => {
  const panel = event.target.closest?.("details[open]");
  if (panel && !panel.contains(document.activeElement?.closest?.("[data-focus], input, textarea"))) panel.querySelector("[data-focus]")?.focus();
  if (event.target.id === "workbench") justShown();
  if (lastRow && !currentRow()) document.getElementById(lastRow)?.classList.add("is-current");
});

// Text ready to be chosen: data-fills="#field" on a button, its value is the text.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-fills]");
  const field = button && document.querySelector(button.dataset.fills);
  if (!field) return;
  field.value = button.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

// data-copies="#element" puts the element's text on the clipboard.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copies]");
  const source = button && document.querySelector(button.dataset.copies);
  if (!source || !navigator.clipboard) return;
  await navigator.clipboard.writeText(source.textContent.trim());
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
});

document.addEventListener("change", (event) => {
  // data-submits: a select whose choice is the request (sort order, a role). Its form has a button for those without script.
  if (event.target.matches?.("[data-submits]")) event.target.form.requestSubmit();
});
