// Around a task that is only looked at: says which files of it could not be loaded. The task is somebody else's program,
// so only messages of the frame's own window count, and nothing in them is more than text.

const MOST = 20;

export function watch(frame, box) {
  const told = new Set();
  window.addEventListener("message", (event) => {
    const message = event.data;
    if (event.source !== frame.contentWindow || !message || message.hitdesk !== 1 || message.kind !== "missing") return;
    const url = String(message.url || "").slice(0, 300);
    if (!/^https?:/i.test(url) || told.has(url) || told.size >= MOST) return;
    told.add(url);
    const line = document.createElement("li");
    line.textContent = url;
    box.querySelector("ul").append(line);
    box.hidden = false;
  });
  // It may have failed before this was there to hear it.
  const ask = () => frame.contentWindow?.postMessage({ hitdesk: 1, kind: "hello" }, "*");
  frame.addEventListener("load", ask);
  ask();
}

for (const frame of document.querySelectorAll("iframe[data-task-frame]")) {
  const box = frame.parentElement.querySelector("[data-missing]");
  if (box) watch(frame, box);
}
