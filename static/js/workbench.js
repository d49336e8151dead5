// The workbench goes on before the server has answered.
//
// #workbench[data-next]   the address of the next one: its part is fetched and its pictures are loaded in the background
// form[data-ahead]        sending it shows the next one at once, while the decision goes out beside it; where that one is
//                         not there yet, htmx sends the form and shows what the server answers
// a[data-step=next]       likewise, with nothing to send
//
// The server's answer has the last word: what it refuses comes back with what was typed. Each form has a key of its own,
// so that sending it again after a silence is the same decision and not a second one.

const FRESH = 60_000; // ms; older ones are fetched anew before somebody relies on them
const PENDING = "decisions on their way";

let ahead = null;

const bench = () => document.getElementById("workbench");
const headers = { "HX-Request": "true", "HX-Target": "workbench" };

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

// Messages that came with a part which is not shown yet are for now.
function tell(content) {
  for (const box of content.querySelectorAll("[hx-swap-oob]")) {
    document.getElementById("notes")?.append(...box.children);
    box.remove();
  }
}

function picturesOf(node) {
  return [...node.querySelectorAll("img[src], image[href]")].map((element) => {
    const picture = new Image();
    picture.referrerPolicy = element.getAttribute("referrerpolicy") ?? "no-referrer";
    picture.src = element.getAttribute("src") ?? element.getAttribute("href");
    picture.decode().catch(() => {}); // one that cannot be loaded is said so when it is shown
    return picture;
  });
}

async function fetchAhead() {
  const url = bench()?.dataset.next;
  if (!url || (ahead?.url === url && Date.now() - ahead.at < FRESH)) return;
  const entry = { url, at: Date.now(), node: null };
  ahead = entry;
  try {
    const answer = await fetch(url, { headers, credentials: "same-origin" });
    const content = answer.ok && !answer.redirected ? parsed(await answer.text()) : null;
    const node = content?.querySelector("#workbench");
    if (content) tell(content);
    if (node && ahead === entry) {
      Object.assign(entry, { node, pictures: picturesOf(node), at: Date.now() });
      bench().dataset.ahead = "here";
    } else if (ahead === entry) ahead = null;
  } catch {
    if (ahead === entry) ahead = null;
  }
}

// The next one, if it is here and young enough.
function takeAhead() {
  const current = bench();
  if (!ahead?.node || ahead.url !== current?.dataset.next || Date.now() - ahead.at > 2 * FRESH) return null;
  const entry = ahead;
  ahead = null;
  return entry;
}

function show(node, url) {
  bench().replaceWith(node);
  window.htmx.process(node);
  if (url) {
    if (!history.state?.htmx) history.replaceState({ htmx: true }, "");
    history.pushState({ htmx: true }, "", url);
  }
  node.dispatchEvent(new CustomEvent("htmx:afterSettle", { bubbles: true, detail: { elt: node } }));
  node.dispatchEvent(new CustomEvent("workbench:shown", { bubbles: true }));
}

// What could be undone before the last decision is not what `u` should undo now. Pressed while that one is still on its
// way, it is remembered and done as soon as the decision is recorded.
let last = "", wanted = false, sent = null;

// What can be undone of all decisions that are recorded, for when one after them fails: the markup, and the place of its
// decision among those of this page.
const known = { number: 0, markup: null };
let count = 0, underway = false;

function waitForUndo(node, name) {
  const shown = document.getElementById("bench-undo");
  if (shown && !shown.querySelector("[data-undo-waits]")) Object.assign(known, { number: count, markup: shown.innerHTML });
  count += 1;
  last = name;
  wanted = false;
  underway = true;
  makeWait(node.querySelector("#bench-undo"));
}

function makeWait(box) {
  for (const button of box?.querySelectorAll("button") ?? []) {
    button.type = "button";
    button.disabled = false;
    button.title = "Takes back what you just decided";
    button.querySelector("[data-undo-left]")?.replaceChildren();
    button.dataset.undoWaits = "";
  }
  box?.querySelector("[data-undo-until]")?.removeAttribute("data-undo-until");
}

// Of several decisions on their way the last one's word is the one that counts here.
function mayUndo(content, name, number) {
  if (number <= known.number) return;
  const holder = document.createElement("div");
  holder.append(content.cloneNode(true));
  Object.assign(known, { number, markup: holder.innerHTML });
  if (name === last) underway = false;
  const box = document.getElementById("bench-undo");
  if (!box || underway) return;
  box.replaceChildren(content);
  window.htmx.process(box);
  if (wanted) box.querySelector("form button")?.click();
  wanted = false;
}

// After a decision that failed: a button that waits for it would wait for ever.
function placeUndo() {
  const box = document.getElementById("bench-undo");
  if (!box || box.querySelector("form[aria-busy]")) return;
  if (underway) makeWait(box);
  else if (known.markup !== null) {
    box.innerHTML = known.markup;
    window.htmx.process(box);
  }
}

// Whoever takes back is on the way to that one again, until the server has answered.
const takingBack = () => wanted || Boolean(document.querySelector("#bench-undo form[aria-busy]"));

// Likewise for a decision that htmx sends: it is recorded when its answer shows another assignment. What was refused, or
// not answered, leaves what could be undone before.
function waitForHtmx(form) {
  sent = { form, assignment: bench().dataset.assignment };
  waitForUndo(bench(), "htmx");
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (!sent || event.detail.requestConfig?.elt !== sent.form) return;
  underway = false;
  if (wanted && bench()?.dataset.assignment !== sent.assignment) bench()?.querySelector("#bench-undo form button")?.click();
  wanted = false;
  sent = null;
});
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:sendAbort", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (!sent || event.detail.requestConfig?.elt !== sent.form) return;
    underway = wanted = false;
    sent = null;
    placeUndo();
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-undo-waits]");
  if (!button) return;
  wanted = true;
  button.setAttribute("aria-busy", "true");
});

function countDown(node, before) {
  const old = before.querySelector("#bench-place"), place = node.querySelector("#bench-place");
  const position = Number(old?.dataset.position), total = Number(old?.dataset.total);
  // Only what waits leaves the view by being decided; a count that was stopped stays as it is.
  if (!place || !position || !total || total > 1000 || new URL(place.getAttribute("href"), location.href).searchParams.has("status")) return;
  const left = Math.max(total - 1, position);
  Object.assign(place.dataset, { position, total: left });
  place.textContent = `${position} of ${left}`;
}

const remembered = () => {
  try {
    return JSON.parse(sessionStorage.getItem(PENDING) || "[]");
  } catch {
    return [];
  }
};
function remember(list) {
  try {
    sessionStorage.setItem(PENDING, JSON.stringify(list));
  } catch {
    // storage switched off: only what happens after this tab was closed is not told
  }
}

function say(sentence, link, act) {
  const element = document.getElementById("note-template").content.firstElementChild.cloneNode(true);
  element.classList.add("note-error");
  element.setAttribute("role", "alert");
  element.dataset.noteStays = "";
  const text = element.querySelector("[data-note-text]"), back = document.createElement("a");
  text.textContent = `${sentence} `;
  back.href = link;
  back.textContent = "Back to it";
  back.className = "inline-link";
  if (act) {
    back.addEventListener("click", (event) => {
      event.preventDefault();
      element.remove();
      act();
    });
  }
  text.append(back);
  document.getElementById("notes").append(element);
}

const atWork = () =>
  Boolean(bench()?.querySelector(".bar details[open], .bar form[aria-busy]")) || document.activeElement?.matches?.("textarea, input");

async function send(form, submitter, entry) {
  const before = bench(), here = location.href, name = crypto.randomUUID?.() ?? String(Math.random());
  const body = new URLSearchParams(new FormData(form, submitter));
  body.set("from", "ahead");
  remember([...remembered(), { name, here }]);
  // First of all the decision goes out: whatever comes of showing the next one, it is not lost.
  // (form.action would be the input of that name.)
  const going = fetch(form.getAttribute("action"), { method: "POST", body, headers, credentials: "same-origin", keepalive: true });
  going.catch(() => {});
  waitForUndo(entry.node, name);
  const number = count;
  countDown(entry.node, before);
  show(entry.node, entry.url);
  for (const panel of before.querySelectorAll(".bar details[open]")) if (!panel.contains(form)) panel.open = false;

  // Puts `node` before the person again, or offers to while something else is being done.
  const bringBack = (node, sentence) => {
    const back = () => {
      show(node, here);
      if (underway || node === before) placeUndo(); // else the server has just said what can be undone
    };
    if (name === last) underway = wanted = false;
    if (atWork()) {
      placeUndo();
      say(sentence, here, back);
    } else {
      back();
      say(sentence, here);
    }
  };
  const answered = (good) => document.dispatchEvent(new CustomEvent("form:answered", { detail: { form, good } }));
  try {
    const answer = await going;
    const content = parsed(await answer.text());
    const refused = content.querySelector("#workbench");
    tell(content);
    if (answer.ok && !answer.redirected && !refused) {
      answered(true);
      mayUndo(content, name, number);
      fetchAhead();
    } else if (refused) {
      answered(false);
      const why = refused.querySelector("[data-form-error]")?.textContent.trim().replace(/\s+/g, " ");
      bringBack(refused, why || "This decision was refused.");
    } else {
      answered(false);
      const signedOut = answer.redirected || answer.status === 403;
      bringBack(before, signedOut
        ? "You were signed out, or may not do that. Nothing was recorded: reload the page and decide again."
        : `The server could not answer (${answer.status}). Decide again: it is never counted twice.`);
    }
  } catch {
    answered(false);
    bringBack(before, "The server did not answer. Decide again when it does: it is never counted twice.");
  }
  remember(remembered().filter((one) => one.name !== name));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("#workbench form[data-ahead]") || event.defaultPrevented) return;
  // Whoever takes back is on the way to that one again: nothing is decided about the one that stands here meanwhile.
  const stays = takingBack(), entry = stays ? null : takeAhead();
  if (!entry && !stays) return waitForHtmx(form); // htmx sends it
  event.preventDefault();
  event.stopImmediatePropagation();
  if (entry) send(form, event.submitter, entry);
  else document.dispatchEvent(new CustomEvent("form:answered", { detail: { form, good: false } }));
}, true);

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#workbench a[data-step=next]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const entry = takeAhead();
  if (!entry) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const undo = bench().querySelector("#bench-undo");
  entry.node.querySelector("#bench-undo")?.replaceWith(undo);
  show(entry.node, entry.url);
}, true);

let soon = 0;
function plan() {
  clearTimeout(soon);
  soon = setTimeout(fetchAhead, 30);
}
document.addEventListener("htmx:afterSettle", plan);
setInterval(() => document.visibilityState === "visible" && fetchAhead(), FRESH / 2);
plan();

// Decisions whose answer never came because the page was left: whether they were recorded shows on their own pages.
const lost = remembered();
remember([]);
for (const { here } of lost.slice(0, 3)) say("You left before the server had answered a decision.", here);
