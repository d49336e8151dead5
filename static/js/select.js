// Choosing rows.
//
// data-select              a row's checkbox; may carry data-amount="0.12" and data-worker="A2K…" for the sentence below
// data-select-all          the checkbox in the head: all of this page
// data-selection           the bar: [data-selection-count], [data-selection-workers], [data-selection-amount] are filled in,
//                          [data-needs-selection] are usable only while something is chosen
// Shift and click chooses everything between two rows.

let last = null;

const boxes = () => [...document.querySelectorAll("[data-select]:not(:disabled)")];

// Money never becomes a fraction of two: cents are whole numbers.
const cents = (text) => {
  const [whole, part = ""] = (text || "0").split(".");
  return Number(whole) * 100 + Number((part + "00").slice(0, 2));
};

function refresh() {
  const all = boxes(), chosen = all.filter((box) => box.checked);
  for (const head of document.querySelectorAll("[data-select-all]")) {
    head.checked = all.length > 0 && chosen.length === all.length;
    head.indeterminate = chosen.length > 0 && chosen.length < all.length;
    head.disabled = all.length === 0;
  }
  for (const box of all) box.closest("[data-row]")?.classList.toggle("is-selected", box.checked);
  const total = chosen.reduce((sum, box) => sum + cents(box.dataset.amount), 0);
  const workers = new Set(chosen.map((box) => box.dataset.worker).filter(Boolean)).size;
  const fill = (name, text) => document.querySelectorAll(`[data-selection-${name}]`).forEach((element) => (element.textContent = text));
  fill("count", String(chosen.length));
  fill("workers", workers === 1 ? "1 worker" : `${workers} workers`);
  fill("amount", `$${Math.floor(total / 100).toLocaleString("en-US")}.${String(total % 100).padStart(2, "0")}`);
  for (const bar of document.querySelectorAll("[data-selection]")) bar.classList.toggle("has-selection", chosen.length > 0);
  for (const element of document.querySelectorAll("[data-needs-selection]")) {
    if (element.tagName === "DETAILS") {
      if (!chosen.length) element.open = false;
      element.querySelector("summary").setAttribute("aria-disabled", String(!chosen.length));
    } else element.disabled = !chosen.length;
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.('summary[aria-disabled="true"]')) return event.preventDefault();
  if (event.target.matches?.("[data-select-all]")) {
    for (const box of boxes()) box.checked = event.target.checked;
  } else if (event.target.matches?.("[data-select]")) {
    const all = boxes(), from = all.indexOf(last), to = all.indexOf(event.target);
    if (event.shiftKey && from >= 0) {
      for (const box of all.slice(Math.min(from, to), Math.max(from, to) + 1)) box.checked = event.target.checked;
    }
    last = event.target;
  } else return;
  refresh();
});

refresh();
window.addEventListener("pageshow", refresh);
document.addEventListener("htmx:afterSettle", refresh);
