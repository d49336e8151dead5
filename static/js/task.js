// The page around a task: keeps what is typed in this browser, makes the frame as high as its content, and goes on when
// it was handed in. Only messages of the frame's own window count, and nothing in them is more than text and numbers.

import { forget, load, store } from "./worker-drafts.js";

const frame = document.querySelector("iframe[data-task]");
const id = frame?.dataset.task || "";
const kept = document.querySelector("[data-kept]");
const missing = document.querySelector("[data-missing]");
const told = new Set();
let asking = false;

const said = {
  height(message) {
    const height = Number(message.height);
    // The requester's own height is kept as the least; a page that grows for ever stops here.
    if (Number.isFinite(height)) frame.style.height = `${Math.min(Math.max(height, Number(frame.dataset.height) || 120), 8000)}px`;
  },
  draft(message) {
    if (message.fields && typeof message.fields === "object" && store(id, message.fields) && kept) kept.hidden = false;
  },
  ready() {
    const fields = load(id);
    if (fields) frame.contentWindow.postMessage({ hitdesk: 1, kind: "restore", fields }, "*");
  },
  missing(message) {
    const url = String(message.url || "").slice(0, 300);
    if (!missing || !/^https?:/i.test(url) || told.has(url) || told.size > 10) return;
    told.add(url);
    missing.hidden = false;
    const line = document.createElement("li");
    line.textContent = url;
    missing.querySelector("ul").append(line);
  },
  async submitted() {
    if (!frame.dataset.next || asking) return;
    asking = true;
    try {
      // A task can say so at any time. Gone along with unasked, it could keep this page from ever standing still.
      const answer = await fetch(frame.dataset.state, { credentials: "same-origin" });
      if (!answer.ok || (await answer.json()).in_hand) return;
      forget(id);
      location.assign(frame.dataset.next);
    } finally {
      setTimeout(() => (asking = false), 1000);
    }
  },
};

if (frame) {
  if (Number(frame.dataset.height)) frame.style.height = `${Number(frame.dataset.height)}px`;
  window.addEventListener("message", (event) => {
    const message = event.data;
    if (event.source !== frame.contentWindow || !message || message.hitdesk !== 1) return;
    if (Object.hasOwn(said, message.kind)) said[message.kind](message);
  });
  // It may have been ready before this script was.
  frame.contentWindow?.postMessage({ hitdesk: 1, kind: "hello" }, "*");
}

for (const box of document.querySelectorAll("[data-accept-next]")) {
  box.addEventListener("change", () => {
    const body = new FormData(box.form);
    fetch(box.form.action, { method: "POST", body, credentials: "same-origin" });
  });
}

// A form that is only there to be sent on (the next task).
document.querySelector("form[data-send]")?.requestSubmit();
