// Keeps <time data-time="ago|left|countdown|due"> true while the page is open, and tells the server which time zone the person is in.
// The words are the ones of dashboard/templatetags/formats.py; the server has already written them, so nothing moves on load.

const root = document.documentElement;
// The server's clock decides how much time is left, not the laptop's.
const skew = root.dataset.now ? Date.now() - Date.parse(root.dataset.now) : 0;

export function span(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60), hours = Math.floor(whole / 3600), days = Math.floor(whole / 86400);
  if (minutes < 60) return `${minutes} m`;
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} m` : `${hours} h`;
  if (days < 10) return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
  return `${days} d`;
}

function words(element, now) {
  const seconds = (Date.parse(element.dateTime) - now) / 1000;
  if (element.dataset.time === "left") return seconds > 0 ? `${span(seconds)} left` : "over";
  if (element.dataset.time === "countdown") return seconds > 0 ? span(seconds) : "over";
  if (element.dataset.time === "due") return seconds > 0 ? `in ${span(seconds)}` : "any moment";
  if (seconds > 0) return `in ${span(seconds)}`;
  return seconds > -5 ? "just now" : `${span(seconds)} ago`;
}

function tick() {
  const now = Date.now() - skew;
  for (const element of document.querySelectorAll('time[data-time]:not([data-time="exact"])')) {
    const text = words(element, now);
    if (element.textContent !== text) element.textContent = text;
    if (element.dataset.time !== "ago") {
      const hours = (Date.parse(element.dateTime) - now) / 3600000;
      element.classList.toggle("is-close", hours <= 4);
    }
  }
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `tz=${zone}; path=/; max-age=31536000; SameSite=Lax${secure}`;
  for (const element of document.querySelectorAll("[data-browser-zone]")) element.textContent = zone;
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", tick);
