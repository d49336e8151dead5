// Nothing typed is lost, and a double click is one decision.
//
// data-draft="name"   what is typed in this field is kept in this tab until its form was accepted. The page, the name and the
//                     form's address together are the key, so put ids in the address.
// data-keeps-drafts       on a button: what it sends is looked at and not accepted, so nothing is forgotten
// Every form with method=post ignores a second submission until its answer has come.

const key = (field) => `draft ${field.form?.getAttribute("action") || location.pathname} ${field.dataset.draft || field.name}`;

function store(work) {
  try {
    return work(sessionStorage);
  } catch {
    return null; // storage switched off: typing still works, it is just not kept
  }
}

function restore() {
  for (const field of document.querySelectorAll("[data-draft]")) {
    if (field.dataset.restored) continue;
    field.dataset.restored = "yes";
    const kept = store((storage) => storage.getItem(key(field)));
    if (kept && !field.value) {
      field.value = kept;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
}

function forget(form) {
  for (const field of form.querySelectorAll("[data-draft]")) store((storage) => storage.removeItem(key(field)));
}

document.addEventListener("input", (event) => {
  if (!event.target.matches?.("[data-draft]")) return;
  const { value } = event.target;
  store((storage) => (value ? storage.setItem(key(event.target), value) : storage.removeItem(key(event.target))));
});

const busy = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method.toLowerCase() !== "post") return;
  if (busy.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  busy.add(form);
  form.setAttribute("aria-busy", "true");
  const htmx = ["hx-post", "hx-put", "hx-delete"].some((name) => form.hasAttribute(name));
  // A plain submission leaves this page. What was typed stays kept until the next page shows no error for it.
  if (!htmx) store((storage) => storage.setItem("draft-sent", JSON.stringify([...form.querySelectorAll("[data-draft]")].map(key))));
}, true);

function free(form) {
  busy.delete(form);
  form.removeAttribute?.("aria-busy");
}

document.addEventListener("htmx:afterRequest", (event) => {
  // What sent it: htmx names another element where the answer has taken the form's place.
  const sender = event.detail.requestConfig?.elt ?? event.detail.elt, form = sender?.closest?.("form");
  if (!form) return;
  free(form);
  if ("keepsDrafts" in sender.dataset) return;
  if (event.detail.successful && !event.detail.xhr.responseText.includes("data-form-error")) forget(form);
});

// A form that was sent without htmx (workbench.js): its answer has come, and was good or not.
document.addEventListener("form:answered", (event) => {
  free(event.detail.form);
  if (event.detail.good) forget(event.detail.form);
});

// Coming back with the browser's back button: the page is as it was left, so the form must work again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[aria-busy]").forEach(free);
});

store((storage) => {
  const sent = JSON.parse(storage.getItem("draft-sent") || "[]");
  storage.removeItem("draft-sent");
  if (!document.querySelector("[data-form-error]")) for (const name of sent) storage.removeItem(name);
});

restore();
document.addEventListener("htmx:afterSettle", restore);
