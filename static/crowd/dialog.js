/** A dialog that can be found: in a frame as tall as its page, the middle of the frame may be far from the eye. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

const LEAST = 480; // px of height in which something can be read

/**
 * A closed `<dialog>` to put into a shadow root.
 * @param {string} title
 * @param {...Node} content
 * @returns {HTMLDialogElement & {open_by: (opener: Element) => void}}
 */
export function dialog(title, ...content) {
  const heading = h("h2", {}, title);
  const box = h(
    "dialog",
    { part: "dialog", "aria-label": title },
    h(
      "div",
      { class: "dialog-head" },
      heading,
      h("button", { type: "button", class: "tool", "aria-label": "Close", onclick: () => box.close() }, icon("close")),
    ),
    h("div", { class: "dialog-body", part: "dialog-body", tabindex: "0" }, ...content),
  );
  box.addEventListener("click", (event) => {
    if (event.target === box) {
      box.close();
    }
  });
  // Keys belong to the dialog while it is open, not to what lies below it.
  box.addEventListener("keydown", (event) => event.stopPropagation());
  box.titled = (text) => {
    heading.textContent = text;
    box.setAttribute("aria-label", text);
  };
  box.open_by = (opener) => {
    if (box.open) {
      return;
    }
    const page = document.documentElement;
    const before = page.style.minHeight;
    if (window.innerHeight < LEAST) {
      // A frame that is as tall as its page grows with it, so that there is room.
      page.style.minHeight = `${LEAST}px`;
      box.addEventListener("close", () => (page.style.minHeight = before), { once: true });
    }
    box.showModal();
    place(box, opener);
  };
  return box;
}

function place(box, opener) {
  const room = window.innerHeight;
  if (room < 900 || !opener) {
    return;
  }
  const height = box.getBoundingClientRect().height;
  const top = Math.min(Math.max(12, opener.getBoundingClientRect().top - 80), Math.max(12, room - height - 12));
  box.style.marginTop = `${top}px`;
}
