/** Colours, type and the controls that more than one element shows. Quiet, so that a task's own page can be anything
    around it; light or dark as the page's `color-scheme` says. Every colour is a `--crowd-…` token a page may set. */

const BASE = `
:host {
  --ink: var(--crowd-ink, light-dark(#1b232c, #e6ebf1));
  --ink-2: var(--crowd-ink-2, light-dark(#55616e, #a6b1be));
  --paper: var(--crowd-paper, light-dark(#ffffff, #171d25));
  --paper-2: var(--crowd-paper-2, light-dark(#f5f7f9, #1f2731));
  --line: var(--crowd-line, light-dark(#dde2e8, #323d49));
  --line-2: var(--crowd-line-2, light-dark(#8793a0, #6f7c8a));
  --accent: var(--crowd-accent, light-dark(#1b5fb5, #8dbdff));
  --accent-soft: var(--crowd-accent-soft, light-dark(#e8f0fb, #18304d));
  --on-accent: var(--crowd-on-accent, light-dark(#ffffff, #10151c));
  --red: var(--crowd-red, light-dark(#ad2018, #ff9f95));
  --red-soft: light-dark(#fdecea, #431b18);
  --green: light-dark(#17652f, #7fd69a);
  --green-soft: light-dark(#e3f4e7, #12331f);
  --amber: light-dark(#7d4700, #f3bd63);
  --amber-soft: light-dark(#fdf2da, #3a2a0c);
  --radius: var(--crowd-radius, 8px);
  --font: var(--crowd-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif);
  box-sizing: border-box;
  color: var(--ink);
  font-family: var(--font);
  line-height: 1.45;
}
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
button, input, textarea, select { font: inherit; color: inherit; letter-spacing: inherit; }
.icon { width: 1.25em; height: 1.25em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.problem { display: flex; gap: 0.4em; align-items: baseline; margin: 0.375rem 0 0; color: var(--red); font-size: 0.875rem; }
.problem::before { content: "!"; flex: none; width: 1.25em; height: 1.25em; border-radius: 50%; background: var(--red); color: var(--paper); font-weight: 700; font-size: 0.75em; line-height: 1.25em; text-align: center; align-self: center; }
.tool { display: inline-flex; align-items: center; justify-content: center; gap: 0.375rem; min-width: 2.5rem; min-height: 2.5rem; padding: 0 0.625rem; border: 1px solid transparent; border-radius: 6px; background: none; font-size: 0.875rem; font-weight: 500; cursor: pointer; white-space: nowrap; touch-action: manipulation; }
.tool:hover:not(:disabled) { background: light-dark(#e9edf1, #2a343f); }
.tool:disabled { opacity: 0.4; cursor: default; }
.tool[aria-pressed="true"] { background: var(--accent-soft); border-color: var(--accent); color: var(--accent); }
.tool.strong { background: var(--accent); color: var(--on-accent); }
.tool.strong:hover:not(:disabled) { background: color-mix(in srgb, var(--accent) 88%, black); }
kbd { display: inline-block; min-width: 1.5em; padding: 0 0.35em; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; background: var(--paper); color: var(--ink-2); font: 500 0.75rem/1.5 ui-monospace, Menlo, Consolas, monospace; text-align: center; }
dialog { width: min(46rem, calc(100% - 1.5rem)); max-height: min(85%, 48rem); padding: 0; border: 1px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink); box-shadow: 0 1.5rem 4rem rgb(0 0 0 / 30%); overflow: hidden; }
dialog[open] { display: flex; flex-direction: column; }
dialog::backdrop { background: rgb(12 18 26 / 45%); }
.dialog-head { display: flex; align-items: center; gap: 1rem; padding: 0.75rem 0.75rem 0.75rem 1.25rem; border-bottom: 1px solid var(--line); }
.dialog-head h2 { flex: 1; margin: 0; font-size: 1.0625rem; font-weight: 650; overflow-wrap: anywhere; }
.dialog-body { padding: 1rem 1.25rem 1.25rem; overflow: auto; overscroll-behavior: contain; }
.link { padding: 0; border: 0; background: none; color: var(--accent); font: inherit; text-decoration: underline; text-underline-offset: 0.18em; cursor: pointer; }
@media (prefers-reduced-motion: no-preference) { .tool, .button { transition: background-color 0.12s, border-color 0.12s; } }
`;

/* For the page around the elements. :where() weighs nothing: any rule of the page wins. */
const PAGE = `
:where(html) { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif; line-height: 1.5; }
:where(crowd-form) { accent-color: light-dark(#1b5fb5, #8dbdff); }
:where(crowd-form, crowd-form > form, short-instructions, full-instructions, classification-target, worker-comment) { display: block; }
:where(short-summary, detailed-instructions, positive-example, negative-example) { display: block; }
:where(short-instructions, full-instructions) > :where(:first-child) { margin-top: 0; }
:where(classification-target) :where(img, video, iframe) { max-width: 100%; }
`;

const sheets = new Map();

/** The style sheet of a class of elements (its own `css` and its ancestors'), or of "base" or "page". */
export function sheet(key) {
  if (!sheets.has(key)) {
    const made = new CSSStyleSheet();
    made.replaceSync(key === "base" ? BASE : key === "page" ? PAGE : cssOf(key));
    sheets.set(key, made);
  }
  return sheets.get(key);
}

function cssOf(constructor) {
  const parts = [];
  for (let at = constructor; at && at !== HTMLElement; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, "css")) {
      parts.unshift(at.css);
    }
  }
  return parts.join("\n");
}
