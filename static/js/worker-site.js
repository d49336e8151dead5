// Every page of the worker site: deadlines count down and say when they are near, and a double click is one decision.
//
// <time data-deadline datetime="…">   time left, to the second in the last hour; the words are those of formats.py
// [data-when-near="600"]              hidden until the deadline in it is so many seconds away, and again once it is over
// [data-deadline-note]                says in words when five minutes, one minute and nothing is left
// form[data-ends]                     cannot be sent any more once the deadline is over

import { tidy } from "./worker-drafts.js";

// The marketplace's clock decides how much time is left, not the laptop's.
const start = document.documentElement.dataset.now;
const skew = start ? Date.now() - Date.parse(start) : 0;
const LAST = [300, 60];

const two = (number) => String(number).padStart(2, "0");

export function countdown(seconds) {
  const whole = Math.floor(seconds);
  if (whole <= 0) return "over";
  const minutes = Math.floor(whole / 60), hours = Math.floor(whole / 3600), days = Math.floor(whole / 86400);
  if (days >= 2) return `${days} d ${hours % 24} h left`;
  if (hours) return `${hours} h ${two(minutes % 60)} min left`;
  return `${minutes}:${two(whole % 60)} left`;
}

const secondsLeft = (time) => (Date.parse(time.dateTime) - (Date.now() - skew)) / 1000;

function say(note, left, before) {
  const crossed = LAST.filter((mark) => left <= mark && (before === null ? left > mark - 60 : before > mark)).pop();
  if (left <= 0 && note.dataset.said !== "over") {
    note.dataset.said = "over";
    note.textContent = note.dataset.over;
    note.hidden = false;
    for (const button of document.querySelectorAll("form[data-ends] button, form[data-ends] input[type=submit]")) button.disabled = true;
  } else if (left > 0 && crossed) {
    note.textContent = crossed > 60 ? `${crossed / 60} minutes left.` : "One minute left.";
    note.hidden = false;
  }
}

const seen = new WeakMap();

function tick() {
  for (const time of document.querySelectorAll("time[data-deadline]")) {
    const left = secondsLeft(time), words = countdown(left);
    if (time.textContent !== words) time.textContent = words;
    time.classList.toggle("is-close", left <= 300);
    time.classList.toggle("is-last", left <= 60);
    const near = time.closest("[data-when-near]");
    if (near) near.hidden = left <= 0 || left > Number(near.dataset.whenNear);
  }
  for (const note of document.querySelectorAll("[data-deadline-note]")) {
    const time = document.getElementById(note.dataset.deadlineNote);
    if (!time) continue;
    const left = secondsLeft(time);
    say(note, left, seen.has(note) ? seen.get(note) : null);
    seen.set(note, left);
  }
}

const busy = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method.toLowerCase() !== "post") return;
  if (busy.has(form)) return event.preventDefault();
  busy.add(form);
  form.setAttribute("aria-busy", "true");
});
// Back by the browser's button: the page is as it was left, so its forms must work again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[aria-busy]")) {
    busy.delete(form);
    form.removeAttribute("aria-busy");
  }
});

tidy();
tick();
setInterval(tick, 1000);
