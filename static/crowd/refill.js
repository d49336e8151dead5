/* Puts a recorded answer back into the task it was given to, and lets nobody change it. Loaded first in the task's
   page, as a classic script whose `data-answer` is JSON: {fields: {name: text or texts}, tree: {name: value}}.

   `fields` is what was posted, name by name; `tree` is the same with `taskAnswers` and dotted names taken apart. A
   control is filled from the first if its own name is there, else from the second. Fields that scripts add later are
   filled when they appear. Buttons that turn pages still work; what would be an answer does not, and submits are dead:
   that they go nowhere is the matter of the frame's sandbox, not of this file. */
(function () {
  "use strict";
  const script = document.currentScript;
  const answer = JSON.parse(script.dataset.answer || "{}");
  script.remove(); // scripts of the task find the page as it was
  const posted = answer.fields || {};
  const tree = answer.tree || {};
  const has = Object.prototype.hasOwnProperty;
  const MOST = 5000;
  const BUTTONS = new Set(["button", "submit", "reset", "image"]);
  const FIELDS = "input, select, textarea, crowd-input, crowd-text-area, crowd-checkbox, crowd-radio-button, crowd-toggle-button, crowd-slider, " +
    "crowd-classifier, crowd-classifier-multi-select, crowd-image-classifier, crowd-image-classifier-multi-select, crowd-entity-annotation, " +
    "crowd-bounding-box, crowd-polygon, crowd-polyline, crowd-line, crowd-keypoint, crowd-semantic-segmentation, crowd-instance-segmentation";
  const SUBMITS = "button[type=submit], input[type=submit], input[type=image], crowd-button[form-action=submit]";
  const filled = new Set(); // names that found a place

  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const nameOf = (field) => field.getAttribute("name") || (field.localName.includes("-") ? field.localName : "");

  function valueOf(name) {
    return has.call(posted, name) ? posted[name] : has.call(tree, name) ? tree[name] : undefined;
  }

  function* fields(root) {
    let count = 0;
    for (const field of root.querySelectorAll(FIELDS)) {
      if ((count += 1) > MOST) return;
      yield field;
      // Questions that a script added to the form of a widget that has one of its own.
      if (field.innerForm && field.shadowRoot) yield* fields(field.innerForm);
    }
  }

  // ---- the page's own controls

  function texts(value, several) {
    const list = (Array.isArray(value) ? value : [value]).map((item) => (typeof item === "string" ? item : typeof item === "object" && item !== null ? JSON.stringify(item) : String(item ?? "")));
    // Controls of one name are posted joined; a single one may have the mark in its text.
    return several > 1 && list.length === 1 && list[0].includes("|") ? [list[0], ...list[0].split("|")] : list;
  }

  function set(field, property, value) {
    if (field[property] === value) return;
    // Past what a framework may have put over the property of its own field.
    const owner = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), property);
    owner && owner.set ? owner.set.call(field, value) : (field[property] = value);
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
  }

  function fillNative(field, value, place, several) {
    const type = (field.type || "").toLowerCase();
    if (type === "file" || type === "password" || BUTTONS.has(type)) return;
    if (type === "checkbox" || type === "radio") {
      const own = field.getAttribute("value") ?? "on";
      set(field, "checked", isObject(value) ? value[own] === true : value === true || texts(value, several).includes(own));
      return;
    }
    if (field.localName === "select") {
      const chosen = texts(value, field.multiple ? 2 : 1);
      for (const option of field.options) {
        const selected = chosen.includes(option.value);
        if (option.selected !== selected && (selected || field.multiple)) {
          option.selected = selected;
          field.dispatchEvent(new Event("change", { bubbles: true }));
        }
      }
      return;
    }
    const all = texts(value, 1);
    const parts = several > 1 && all.length === 1 ? all[0].split("|") : all;
    const text = parts.length === several ? parts[place] : all.join("|");
    // A blank text field is {} in the results files of the Requester website.
    set(field, "value", text === "{}" && type !== "hidden" ? "" : text);
    if ("readOnly" in field) field.readOnly = true;
  }

  // ---- Crowd HTML Elements: what they keep as a draft is what they are given

  function truth(field, value) {
    const own = field.getAttribute("value") ?? "on";
    return isObject(value) ? value[own] === true : value === true || texts(value, 2).includes(own);
  }

  function withLabels(field, list) {
    const used = [...new Set(list.map((item) => item && item.label).filter((label) => typeof label === "string"))];
    const offered = Array.isArray(field.labels) ? field.labels : [];
    const known = new Set(offered.map((label) => (isObject(label) ? label.label : String(label))));
    // Labels that were offered by an input nobody here knows.
    const missing = used.filter((label) => !known.has(label));
    if (missing.length) field.labels = [...offered.filter((label) => !/^\$\{/.test(String(label))), ...missing];
  }

  function fillCrowd(field, value) {
    const element = field.localName;
    if (element === "crowd-checkbox" || element === "crowd-radio-button" || element === "crowd-toggle-button") {
      field.draft = truth(field, value);
    } else if (element === "crowd-input" || element === "crowd-text-area") {
      field.draft = texts(value, 1).join("|").replace(/^\{\}$/, "");
    } else if (element === "crowd-slider") {
      if (Number.isFinite(Number.parseFloat(value))) field.draft = Number.parseFloat(value);
    } else if (element.includes("classifier")) {
      const labels = isObject(value) ? value.labels ?? (value.label === undefined ? [] : [value.label]) : texts(value, 1);
      const list = Array.isArray(labels) ? labels.map(String) : [];
      field.draft = { labels: list, excluded: list.length === 0, comment: isObject(value) ? value.workerComment : "" };
    } else if (isObject(value)) {
      const lists = ["boundingBoxes", "polygons", "polylines", "lines", "keypoints", "entities", "instances"];
      const list = lists.map((key) => value[key]).find(Array.isArray);
      if (list) withLabels(field, list);
      if (isObject(value.labelMappings)) withLabels(field, Object.keys(value.labelMappings).map((label) => ({ label })));
      const { width, height } = value.inputImageProperties || {};
      const size = width > 0 && height > 0 && width < 100000 && height < 100000 ? { width: Number(width), height: Number(height) } : null;
      const nothing = list ? list.length === 0 : isObject(value.labelMappings) && !Object.keys(value.labelMappings).length;
      field.draft = { ...value, none: nothing };
      if (field.stage) field.stage.onlyLook(size);
    }
  }

  function fill() {
    const groups = new Map();
    for (const field of fields(document)) {
      const name = nameOf(field);
      const crowd = field.localName.includes("-");
      // A template may have copied a widget's answer into a field of its own, as text.
      const value = !name ? undefined : crowd && isObject(tree[name]) ? tree[name] : valueOf(name);
      if (value === undefined) {
        // What it does not say was not chosen; a box that is ticked at first was unticked.
        if (name && field.matches("input[type=checkbox], input[type=radio]")) set(field, "checked", false);
        else if (field.stage && field.stage.onlyLook) field.stage.onlyLook();
        continue;
      }
      filled.add(name);
      if (crowd) {
        // Each is given its answer once: drawing it again would lose the place one looks at.
        if (typeof field.answer === "function" && field.hitdeskFilled !== true) {
          field.hitdeskFilled = true;
          fillCrowd(field, value);
        }
        continue;
      }
      const key = `${field.localName} ${field.type} ${name}`;
      groups.set(key, [...(groups.get(key) || []), [field, value]]);
    }
    for (const button of document.querySelectorAll(SUBMITS)) button.toggleAttribute("disabled", true);
    for (const members of groups.values()) members.forEach(([field, value], place) => fillNative(field, value, place, members.length));
  }

  // ---- nothing can be changed

  const isSubmit = (element) => element.matches(SUBMITS) || (element.matches("button:not([type])") && element.form !== null);
  const isField = (element) => (element.matches("input, select, textarea") && !BUTTONS.has(element.type)) || element.isContentEditable === true || element.matches("label") && element.control !== null;
  const READING = new Set(["Tab", "Escape", "PageUp", "PageDown", "Home", "End", "F5", "F6", "F11", "F12"]);

  function allowed(event) {
    const path = event.composedPath().filter((node) => node instanceof Element);
    const outer = path.find((element) => element.matches(FIELDS) && !BUTTONS.has(element.type));
    if (path.some((element) => element.matches("dialog, .instructions, [part~=stage], [part~=instructions-link], button[aria-label^=Zoom], button[aria-label='Show the whole picture'], a[href], summary, audio, video"))) return true;
    if (path.some(isSubmit)) return false;
    return !outer && !path.some(isField);
  }

  function guard(event) {
    if (!event.isTrusted) return;
    if (event.type.startsWith("key")) {
      const copies = (event.ctrlKey || event.metaKey) && ["a", "c", "f"].includes(event.key.toLowerCase());
      if (READING.has(event.key) || copies || allowed(event) && !event.composedPath().some((node) => node instanceof Element && node.matches("[part~=stage]"))) return;
    } else if (event.type !== "submit" && event.type !== "reset" && event.type !== "drop" && allowed(event)) {
      return;
    } else if ((event.type === "mousedown" || event.type === "pointerdown") && event.composedPath().some((node) => node instanceof Element && node.matches("textarea, input[type=text], input:not([type])"))) {
      return; // to read on, and to copy; it is read only
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  for (const type of ["click", "dblclick", "mousedown", "pointerdown", "touchstart", "keydown", "keypress", "keyup", "beforeinput", "paste", "cut", "drop", "submit", "reset"]) {
    window.addEventListener(type, guard, { capture: true, passive: false });
  }

  // ---- when

  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(fill, 60);
  };
  function begin() {
    fill();
    let changes = 0;
    new MutationObserver((records) => {
      if ((changes += 1) < 500 && records.some((record) => [...record.addedNodes].some((node) => node.nodeType === 1 && (node.matches(FIELDS) || node.querySelector(FIELDS))))) soon();
    }).observe(document.documentElement, { childList: true, subtree: true });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
  document.addEventListener("all-crowd-elements-ready", () => setTimeout(fill));
  // After the page's own scripts, which may have put defaults into their fields.
  window.addEventListener("load", () => {
    setTimeout(fill, 150);
    setTimeout(tell, 700);
  });

  // ---- what could not be shown, at the foot of the frame

  const unreachable = new Set();
  window.addEventListener("error", (event) => {
    const element = event.target;
    const url = element && element !== window && (element.currentSrc || element.src || element.href);
    if (typeof url === "string" && url && !url.startsWith("data:") && unreachable.size < 20) unreachable.add(url.slice(0, 300));
  }, true);
  document.addEventListener("securitypolicyviolation", (event) => {
    if (event.effectiveDirective === "connect-src" && unreachable.size < 20) unreachable.add(event.blockedURI.slice(0, 300));
  });

  function tell() {
    const hidden = Object.keys(tree).filter((name) => !filled.has(name) && !Object.keys(posted).some((path) => filled.has(path) && path.startsWith(`${name}.`)));
    const lines = [];
    if (hidden.length) lines.push([`${hidden.length === 1 ? "One answer has" : `${hidden.length} answers have`} no field in this page`, hidden.slice(0, 60)]);
    if (unreachable.size) lines.push([`${unreachable.size === 1 ? "One address" : `${unreachable.size} addresses`} could not be loaded`, [...unreachable]]);
    if (!lines.length) return;
    const host = document.createElement("div");
    host.setAttribute("data-hitdesk-note", "");
    const root = host.attachShadow({ mode: "closed" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(":host{all:initial;display:block;position:sticky;bottom:0;z-index:2147483647}details{background:#fff7e0;color:#3d2f00;border-top:1px solid #d6b24a;font:13px/1.45 system-ui,sans-serif;padding:6px 12px;max-height:40vh;overflow:auto}summary{cursor:pointer}li{overflow-wrap:anywhere}ul{margin:4px 0}");
    root.adoptedStyleSheets = [sheet];
    for (const [words, items] of lines) {
      const box = document.createElement("details");
      const head = document.createElement("summary");
      const list = document.createElement("ul");
      head.textContent = words;
      for (const item of items) {
        const line = document.createElement("li");
        line.textContent = item;
        list.append(line);
      }
      box.append(head, list);
      root.append(box);
    }
    document.documentElement.append(host);
  }
})();
