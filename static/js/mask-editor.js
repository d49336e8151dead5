// Corrects the pixels of a mask on the form on which an answer's values are corrected.
//
// [data-mask-editor]   templates/hits/workbench/mask.html: a canvas over the picture, tools, and a row for each label
//
// What is painted is numbers, one for each pixel: 0 for nothing, else the place of a row. They go into the form as a
// palette PNG made of these numbers, so nothing that a browser does to the colours of a canvas gets into it; the server
// checks it and writes it anew. Keys work while the focus is in the editor, and no others do then.

import { maskColour, rgb } from "../crowd/drawing/colours.js";
import { Mask } from "../crowd/segmentation/mask.js";
import { palettePng } from "../crowd/segmentation/png.js";

const TOLERANCE = 2; // as in answers.js
const MOST_ROWS = 254; // as in hits/answers/pixels.py
const COLOUR = /^#[0-9a-f]{6}$/;
const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8, 12];
const TOOLS = { b: "brush", e: "eraser", f: "fill" };
const TYPING = "select, textarea, input:not([type=radio], [type=checkbox], [type=range])";

function edit(root) {
  const find = (name) => root.querySelector(`[data-mask-${name}]`);
  const [canvas, png, rows, stage, sheet, size, fresh] = ["canvas", "png", "rows", "stage", "sheet", "size", "new"].map(find);
  const { width, height } = canvas;
  const mask = new Mask(width, height), context = canvas.getContext("2d");
  const entries = []; // what the numbers 1, 2, … are: {row, colour, label, gone}
  let tool = "brush", level = 0, last = null, later = 0, isReady = false;

  const say = (words) => (find("said").textContent = words);
  const chosen = () => entries.findIndex(({ row }) => row.querySelector("[data-mask-pick]").checked) + 1;

  function adopt(row) {
    const inside = (name) => row.querySelector(`[data-mask-${name}]`);
    const colour = inside("pick").value;
    if (!COLOUR.test(colour)) return 0; // an entry without a colour has no pixels
    inside("pick").hidden = false;
    inside("gone").addEventListener("change", () => paint(mask.all));
    entries.push({ row, colour, label: inside("label"), gone: inside("gone") });
    return entries.length;
  }

  function add(label, colour) {
    if (entries.length >= MOST_ROWS) return say("There are too many labels already."), 0;
    const row = find("row").content.firstElementChild.cloneNode(true), name = row.querySelector("[data-mask-label]");
    for (const input of row.querySelectorAll("[name^=colour], [name^=pick], [name^=gone]")) input.value = colour;
    row.querySelector("rect").setAttribute("fill", colour);
    row.setAttribute("aria-label", label);
    if (name.options && ![...name.options].some(({ value }) => value === label)) name.add(new Option(label));
    name.value = label;
    find("none")?.remove();
    rows.append(row);
    return adopt(row);
  }

  function added() {
    const label = fresh.value.trim();
    if (!label) return say("Say which label."), fresh.focus();
    let place = "byThing" in root.dataset ? 0 : entries.findIndex((entry) => entry.label.value === label && !entry.gone.checked) + 1;
    const apart = (one) => entries.every(({ colour }) => rgb(colour).some((part, at) => Math.abs(part - rgb(one)[at]) > 2 * TOLERANCE));
    for (let index = 0; !place && index < 999; index += 1) {
      if (apart(maskColour(index))) place = add(label, maskColour(index)) || -1;
    }
    if (place > 0) pick(place);
    count();
  }

  function pick(place) {
    entries[place - 1].row.querySelector("[data-mask-pick]").checked = true;
    if (tool === "eraser") choose("brush");
    say(`Painting ${entries[place - 1].label.value}`);
    canvas.focus({ preventScroll: true });
  }

  /** The number of the nearest colour, 0 where none is near enough. */
  function numberOf(colour) {
    const away = entries.map((entry) => Math.max(...rgb(entry.colour).map((part, at) => Math.abs(part - colour[at]))));
    const least = Math.min(...away);
    return least <= TOLERANCE ? away.indexOf(least) + 1 : 0;
  }

  /** The numbers of a picture in base64. */
  async function read(text) {
    const picture = new Image();
    picture.src = `data:image/png;base64,${text}`;
    await picture.decode();
    if (picture.naturalWidth !== width || picture.naturalHeight !== height) throw new Error("another size");
    const paper = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    paper.drawImage(picture, 0, 0);
    const { data } = paper.getImageData(0, 0, width, height), known = new Map(), found = new Uint8Array(width * height);
    for (let at = 0, pixel = 0; pixel < found.length; at += 4, pixel += 1) {
      if (!data[at + 3]) continue;
      const key = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
      if (!known.has(key)) known.set(key, numberOf(data.subarray(at, at + 3)));
      found[pixel] = known.get(key);
    }
    return found;
  }

  /** Put another picture and its labels, [[colour, label, is removed], …], in the place of what is there. */
  async function put(text, labels, words) {
    for (const { gone } of entries) gone.checked = false;
    for (const [colour, label, isGone = false] of labels) {
      const place = entries.findIndex((entry) => entry.colour === colour) + 1 || (COLOUR.test(colour) ? add(label, colour) : 0);
      if (place) Object.assign(entries[place - 1].gone, { checked: isGone }), (entries[place - 1].label.value = label);
    }
    const other = await read(text);
    mask.begin();
    mask.data.set(other);
    done(mask.all);
    say(words);
  }

  // What was painted and not sent before the page was left: drafts.js has put it back.
  function resume() {
    const kept = isReady && find("draft").value ? JSON.parse(find("draft").value) : { png: png.value };
    if (kept.png !== png.value) put(kept.png, kept.labels, "What you painted before is here again.");
  }

  function paint({ left, top, right, bottom }) {
    if (right <= left || bottom <= top) return;
    const image = new ImageData(right - left, bottom - top), pixels = new Uint32Array(image.data.buffer);
    const colours = new Uint32Array(256);
    entries.forEach(({ colour, gone }, index) => {
      const [r, g, b] = rgb(colour);
      if (!gone.checked) colours[index + 1] = (255 << 24) | (b << 16) | (g << 8) | r;
    });
    for (let y = top, out = 0; y < bottom; y += 1) {
      for (let x = left, at = y * width + left; x < right; x += 1, at += 1, out += 1) pixels[out] = colours[mask.data[at]];
    }
    context.putImageData(image, left, top);
  }

  /** After a stroke: `rect` where the pixels were changed directly. */
  function done(rect) {
    if (rect) {
      mask.version += 1;
      mask.dirty = { ...rect };
      paint(rect);
    }
    if (mask.end()) count(true);
  }

  function count(isChanged) {
    if (isChanged) {
      clearTimeout(later);
      later = setTimeout(keep, 300);
    }
    const counts = mask.counts(), share = (many) => (many && many < width * height / 1000 ? "< 0.1 %" : `${((100 * many) / (width * height)).toFixed(1)} %`);
    entries.forEach(({ row }, index) => (row.querySelector("[data-mask-share]").textContent = share(counts[index + 1])));
    root.querySelector("[data-mask-step=undo]").disabled = !mask.past.length;
    root.querySelector("[data-mask-step=redo]").disabled = !mask.future.length;
  }

  /** What is painted, into the form. False where it is too much for that. */
  function keep() {
    if (later) {
      clearTimeout(later);
      later = 0;
      png.value = palettePng(mask.data, width, height, [[0, 0, 0], ...entries.map(({ colour }) => rgb(colour))]);
      const labels = entries.map(({ colour, label, gone }) => [colour, label.value, gone.checked]);
      find("draft").value = JSON.stringify({ png: png.value, labels });
      find("draft").dispatchEvent(new Event("input", { bubbles: true }));
    }
    const fits = png.value.length <= Number(root.dataset.most);
    if (!fits) say("It is too finely painted to be kept: fill its larger regions, and erase single pixels.");
    return fits;
  }

  function fill({ x, y }, value) {
    [x, y] = [Math.floor(x), Math.floor(y)];
    const { data } = mask, was = data[y * width + x];
    if (x < 0 || y < 0 || x >= width || y >= height || was === value) return;
    mask.begin();
    const open = [y * width + x];
    while (open.length) {
      const at = open.pop(), start = at - (at % width), end = start + width;
      if (data[at] !== was) continue;
      let [left, right] = [at, at + 1];
      while (left > start && data[left - 1] === was) left -= 1;
      while (right < end && data[right] === was) right += 1;
      data.fill(value, left, right);
      for (const beside of [-width, width]) {
        for (let here = left + beside; here < right + beside; here += 1) {
          if (data[here] === was && (here === left + beside || data[here - 1] !== was)) open.push(here);
        }
      }
    }
    done(mask.all);
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * width) / box.width, y: ((event.clientY - box.top) * height) / box.height };
  };
  // From one pixel to a quarter of the picture, with finer steps for finer brushes.
  const brush = () => Math.max(1, Math.round(Math.max(8, Math.max(width, height) / 4) ** (size.value / 100)));

  canvas.addEventListener("pointerdown", (event) => {
    const erases = tool === "eraser" || event.buttons & 32; // the other end of a pen
    if (!isReady || last || !event.isPrimary || (event.button && !(event.buttons & 32))) return;
    const value = erases ? 0 : chosen();
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    if (!erases && !value) return say(entries.length ? "Choose what to paint first: tick it below." : "Add a label first.");
    if (value && entries[value - 1].gone.checked) return say("That one is to be removed. Untick it to paint with it.");
    if (tool === "fill" && !erases) return fill(place(event), value);
    canvas.setPointerCapture(event.pointerId);
    mask.begin();
    last = { ...place(event), value, pointer: event.pointerId };
    paint(mask.stroke(last, last, brush(), value));
  });

  canvas.addEventListener("pointermove", (event) => {
    showCursor(event);
    if (event.pointerId !== last?.pointer) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) {
      const next = place(move);
      paint(mask.stroke(last, next, brush(), last.value));
      Object.assign(last, next);
    }
  });

  function lift(isKept) {
    if (!last) return;
    last = null;
    if (isKept) return done();
    const rect = mask.abandon();
    if (rect) paint(rect);
    count(true); // the form may have a part of the stroke already
  }
  canvas.addEventListener("pointerup", (event) => event.pointerId === last?.pointer && lift(true));
  canvas.addEventListener("pointercancel", (event) => event.pointerId === last?.pointer && lift(false));
  canvas.addEventListener("pointerleave", () => (find("cursor").hidden = true));

  function showCursor({ clientX, clientY, pointerType }) {
    const box = canvas.getBoundingClientRect(), cursor = find("cursor"), wide = (brush() * box.width) / width;
    cursor.hidden = pointerType === "touch" || tool === "fill";
    Object.assign(cursor.style, { width: `${wide}px`, height: `${wide}px`, left: `${clientX - box.left}px`, top: `${clientY - box.top}px` });
  }

  function choose(name) {
    tool = name;
    for (const button of root.querySelectorAll("[data-mask-tool]")) button.setAttribute("aria-pressed", String(button.dataset.maskTool === name));
    canvas.classList.toggle("is-fill", name === "fill");
    find("cursor").hidden = true;
  }

  function step(way) {
    lift(true);
    const entry = mask.step(way);
    if (!entry) return;
    paint(entry.rect);
    count(true);
    say(way === "undo" ? "Undone" : "Done again");
  }

  function zoom(by) {
    level = Math.min(ZOOMS.length - 1, Math.max(0, level + by));
    const [x, y] = [stage.scrollLeft + stage.clientWidth / 2, stage.scrollTop + stage.clientHeight / 2];
    const before = sheet.clientWidth || 1, room = stage.parentElement.clientWidth - 2;
    const wide = Math.min(room, (0.52 * innerHeight * width) / height) * ZOOMS[level];
    sheet.style.width = `${Math.max(1, Math.floor(wide))}px`;
    stage.scrollTo((x * wide) / before - stage.clientWidth / 2, (y * wide) / before - stage.clientHeight / 2);
  }

  root.addEventListener("keydown", (event) => {
    const { key } = event, isTyped = event.target.matches(TYPING);
    const sends = (event.ctrlKey || event.metaKey) && key === "Enter";
    if (event.isComposing || key === "Tab" || (key === "Escape" && !last) || (sends && event.target.form)) return;
    event.stopPropagation(); // whatever it is, the workbench does not hear of it
    if (key === "Escape") return lift(false);
    if (sends) return event.repeat ? undefined : png.form.requestSubmit();
    if (key === "Enter" && event.target === fresh) return event.preventDefault(), added();
    const isBracket = key === "[" || key === "]"; // with AltGr on many keyboards, which some say is Ctrl and Alt
    const ctrl = (event.ctrlKey || event.metaKey) && !isBracket;
    if (isTyped || (event.altKey && !isBracket)) return;
    if (event.shiftKey && !ctrl && key !== key.toUpperCase()) return; // Caps Lock, as in keys.js
    const way = key === "z" ? "undo" : key === "y" || (ctrl && key === "Z") ? "redo" : "";
    if (way) step(way);
    else if (ctrl) return;
    else if (isBracket) (size.value = Number(size.value) + (key === "]" ? 5 : -5)), say(`Brush of ${brush()} pixels`);
    else if (key === "+" || key === "-") zoom(key === "+" ? 1 : -1);
    else if (event.repeat) return;
    else if (Object.hasOwn(TOOLS, key)) choose(TOOLS[key]);
    else if (key === "?") document.querySelector("[data-keys-open]")?.click();
    else return;
    event.preventDefault();
  });

  root.addEventListener("click", ({ target }) => {
    const { maskTool, maskStep, maskZoom, maskAdds, maskReset } = target.closest("button")?.dataset ?? {};
    if (maskTool) choose(maskTool);
    if (maskStep) step(maskStep);
    if (maskZoom) zoom(Number(maskZoom));
    if (maskAdds !== undefined) added();
    if (maskReset !== undefined && isReady) put(root.dataset.was, Object.entries(JSON.parse(root.dataset.wasLabels)), "As the worker painted it");
  });
  root.addEventListener("change", ({ target }) => {
    if (target.matches("[data-mask-pick]")) pick(entries.findIndex(({ row }) => row.contains(target)) + 1);
  });
  find("draft").addEventListener("input", resume);
  find("strength").addEventListener("input", ({ target }) => (canvas.style.opacity = target.value / 100));

  for (const row of [...rows.querySelectorAll(".mask-row")]) adopt(row);
  if (entries.length) entries[0].row.querySelector("[data-mask-pick]").checked = true;
  for (const part of ["work", "add"]) find(part).hidden = false;
  canvas.style.opacity = 0.6;
  new ResizeObserver(() => zoom(0)).observe(stage.parentElement);
  editors.set(root, keep);
  read(png.value || root.dataset.was).then((found) => {
    mask.set(found);
    isReady = true;
    paint(mask.all);
    count();
    resume();
  }, () => say("This browser cannot read the mask, so only its labels can be changed."));
}

const editors = new Map();

function start(part) {
  for (const root of part.querySelectorAll?.("[data-mask-editor][data-can-paint]") ?? []) if (!editors.has(root)) edit(root);
  for (const root of editors.keys()) if (!root.isConnected) editors.delete(root);
}

// Before anything is sent, be it by htmx, what was painted a moment ago is in the form; what does not fit is not sent.
for (const name of ["submit", "click"]) {
  window.addEventListener(name, (event) => {
    const form = name === "submit" ? event.target : event.target.closest?.("button:not([type=button])")?.form;
    for (const [root, keep] of editors) {
      if (!form?.contains(root) || keep()) continue;
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
}
document.addEventListener("htmx:load", (event) => start(event.detail?.elt?.parentElement ?? document));
start(document);
