// What a worker typed into a task, kept in this browser under the assignment's id until it was handed in, a month at most.

const PREFIX = "hitdesk-draft-";
const SENT = "hitdesk-sent";
const MONTH = 30 * 86400_000;

function quietly(work) {
  try {
    return work();
  } catch {
    return null; // storage is full or switched off: the work is then kept by the open page alone
  }
}

export function load(id) {
  const kept = id && quietly(() => JSON.parse(localStorage.getItem(PREFIX + id) || "null"));
  return (kept && kept.fields) || null;
}

export function store(id, fields) {
  const text = JSON.stringify({ at: Date.now(), fields });
  if (!id || text.length > 1_000_000) return false;
  return quietly(() => (localStorage.setItem(PREFIX + id, text), true)) || false;
}

export function forget(id) {
  if (id) quietly(() => localStorage.removeItem(PREFIX + id));
}

// A plain form leaves this page; whether it was taken is known only on the next one.
export function sending(id) {
  if (id) quietly(() => sessionStorage.setItem(SENT, id));
}

export function tidy() {
  quietly(() => {
    const sent = sessionStorage.getItem(SENT);
    sessionStorage.removeItem(SENT);
    // Still asked for here, or refused: then it is not forgotten.
    if (sent && !document.querySelector("[data-keep], [data-task], [data-typed-stays]")) forget(sent);
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(PREFIX)) continue;
      const at = (quietly(() => JSON.parse(localStorage.getItem(name))) || {}).at || 0;
      if (Date.now() - at > MONTH) localStorage.removeItem(name);
    }
  });
}
