// Writing to workers: what is typed is counted, and places to be filled in are put where the cursor stands.
//
// data-counted="200"     counts this field's characters into [data-count-of="its id"]
// data-inserts="{name}"  a button that writes its value into the field named by data-into (or the one last typed in)

let last = null;

const whole = new Intl.NumberFormat("en-US");

function count(field) {
  const words = document.querySelector(`[data-count-of="${field.id}"]`);
  if (!words) return;
  // As the server counts: characters, not the units of UTF-16; a new line is one of them.
  const length = [...field.value.trim()].length, most = Number(field.dataset.counted);
  const places = /\{\w+\}/.test(field.value) ? ", more or less once filled in" : "";
  words.textContent = `${whole.format(length)} of ${whole.format(most)}${places}`;
  words.classList.toggle("is-over", length > most);
}

const fields = () => document.querySelectorAll("[data-counted]");

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-counted]")) count(event.target);
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("[data-counted]")) last = event.target;
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-inserts]");
  if (!button) return;
  const field = last ?? document.getElementById(button.dataset.into);
  if (!field) return;
  field.setRangeText(button.dataset.inserts, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

fields().forEach(count);
window.addEventListener("pageshow", () => fields().forEach(count));
