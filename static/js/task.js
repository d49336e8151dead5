// The page around a task: keeps what is typed in this browser, makes the frame as high as its content, and goes on when
// it was handed in. Only messages of the frame's own window count, and nothing in them is more than text and numbers.

const frame = document.querySelector("iframe[data-task]");
const key = frame && frame.dataset.task ? `hitdesk-draft-${frame.dataset.task}` : "";
const kept = document.querySelector("[data-kept]");
const missing = document.querySelector("[data-missing]");
const told = new Set();

function load() {
  try {
    return JSON.parse(localStorage.getItem(key) || "null");
  } catch {
    return null;
  }
}

function store(fields) {
  const text = JSON.stringify({ at: Date.now(), fields });
  if (!key || text.length > 1_000_000) return;
  try {
    localStorage.setItem(key, text);
    if (kept) kept.hidden = false;
  } catch {
    /* full, or switched off: the work is then kept by the open page alone */
  }
}

function forgetOld() {
  try {
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith("hitdesk-draft-")) continue;
      const at = (JSON.parse(localStorage.getItem(name) || "{}") || {}).at || 0;
      if (Date.now() - at > 30 * 86400_000) localStorage.removeItem(name);
    }
  } catch {
    /* nothing to tidy */
  }
}

const said = {
  height(message) {
    const height = Number(message.height);
    // The requester's own height is kept as the least; a page that grows for ever stops here.
    if (Number.isFinite(height)) frame.style.height = `${Math.min(Math.max(height, Number(frame.dataset.height) || 320), 8000)}px`;
  },
  draft(message) {
    if (message.fields && typeof message.fields === "object") store(message.fields);
  },
  ready() {
    const draft = load();
    if (draft && draft.fields) frame.contentWindow.postMessage({ hitdesk: 1, kind: "restore", fields: draft.fields }, "*");
  },
  missing(message) {
    const url = String(message.url || "").slice(0, 300);
    if (!missing || !url || told.has(url) || told.size > 10) return;
    told.add(url);
    missing.hidden = false;
    const line = document.createElement("li");
    line.textContent = url;
    missing.querySelector("ul").append(line);
  },
  submitted() {
    if (!frame.dataset.next) return;
    try {
      localStorage.removeItem(key);
    } catch {
      /* it is forgotten after a month */
    }
    location.assign(frame.dataset.next);
  },
};

if (frame) {
  forgetOld();
  window.addEventListener("message", (event) => {
    const message = event.data;
    if (event.source !== frame.contentWindow || !message || message.hitdesk !== 1) return;
    if (Object.hasOwn(said, message.kind)) said[message.kind](message);
  });
}

for (const box of document.querySelectorAll("[data-accept-next]")) {
  box.addEventListener("change", () => {
    const body = new FormData(box.form);
    fetch(box.form.action, { method: "POST", body, credentials: "same-origin" });
  });
}

// A form that is only there to be sent on (the next task).
document.querySelector("form[data-send]")?.requestSubmit();
