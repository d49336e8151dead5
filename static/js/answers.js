/* Answers come readable from the server; this adds toggles per label, cross-highlighting, zoom, and a look at the
   picture itself: whether it loads, and whether it has the size it had when the worker drew on it. */

const NATURAL_TOLERANCE = 2;

function enhance(root) {
  for (const drawing of root.querySelectorAll("[data-drawing]:not([data-ready])")) {
    drawing.dataset.ready = "";
    for (const input of drawing.querySelectorAll("[data-toggle]")) {
      input.hidden = false;
    }
    for (const tools of drawing.querySelectorAll("[data-zoom-tools]")) {
      tools.hidden = false;
    }
    watchPhoto(drawing);
    sizeLabels(drawing);
    const mask = drawing.querySelector("[data-mask]");
    if (mask) {
      readMask(drawing, mask);
    }
  }
  for (const thumb of root.querySelectorAll("[data-thumb]:not([data-ready])")) {
    thumb.dataset.ready = "";
    watchThumb(thumb);
  }
}

function watchPhoto(drawing) {
  const photo = drawing.querySelector(".answer-photo");
  if (!photo) {
    return;
  }
  const missing = drawing.querySelector("[data-missing]");
  const probe = new Image();
  probe.onerror = () => {
    drawing.classList.add("is-missing");
    if (missing) {
      missing.hidden = false;
    }
  };
  probe.onload = () => {
    const svg = drawing.querySelector("[data-svg]");
    if (svg) {
      fit(svg, photo, probe, drawing.querySelector("[data-mismatch]"));
      sizeLabels(drawing);
    }
  };
  probe.src = photo.getAttribute("href") || photo.src;
}

/* Where the answer does not say how large the picture was, its own size is the only one there is. */
function fit(svg, photo, probe, note) {
  const { naturalWidth: width, naturalHeight: height } = probe;
  if (!width || !height) {
    return;
  }
  if (svg.dataset.sized === "yes") {
    const box = svg.viewBox.baseVal;
    const differs = Math.abs(box.width - width) > NATURAL_TOLERANCE || Math.abs(box.height - height) > NATURAL_TOLERANCE;
    if (differs && note) {
      note.textContent =
        `The picture is now ${width} × ${height} pixels and was ${box.width} × ${box.height} when this was drawn; ` +
        "it is stretched to the size it had.";
      note.hidden = false;
    }
    return;
  }
  const unit = Number(svg.dataset.unit);
  const { right, bottom } = svg.querySelector("[data-marks]") ? reach(svg) : { right: 0, bottom: 0 };
  const slip = 1.03; // a hand that slips over the edge
  const across = !unit && right > width * slip ? right : width;
  const down = !unit && bottom > height * slip ? bottom : height;
  svg.setAttribute("viewBox", `0 0 ${across} ${down}`);
  for (const image of svg.querySelectorAll(".answer-photo, .answer-mask")) {
    image.setAttribute("width", width);
    image.setAttribute("height", height);
  }
  svg.querySelector(".answer-canvas").setAttribute("width", across);
  svg.querySelector(".answer-canvas").setAttribute("height", down);
  if (note && (across > width || down > height)) {
    note.textContent =
      `The picture is ${width} × ${height} pixels and what was drawn reaches to ${right}, ${bottom}: ` +
      "the picture was larger, or was shown larger, when this was drawn.";
    note.hidden = false;
  }
  if (unit) {
    svg.querySelector("[data-marks]").setAttribute("transform", `scale(${width / unit} ${height / unit})`);
  }
  svg.dataset.sized = "now";
}

/* How far the shapes reach, in the pixels they were drawn in: the server's canvas for them is a twentieth larger. */
function reach(svg) {
  const { width, height } = svg.viewBox.baseVal;
  return { right: Math.round(width / 1.05), bottom: Math.round(height / 1.05) };
}

function watchThumb(thumb) {
  const picture = thumb.querySelector("img");
  const svg = thumb.querySelector("svg");
  if (!picture || !svg) {
    return;
  }
  const loaded = () => {
    const { naturalWidth: width, naturalHeight: height } = picture;
    if (svg.dataset.sized === "no" && width && height) {
      const scale = Math.min(112 / width, 72 / height);
      const unit = Number(svg.dataset.unit);
      svg.setAttribute("width", Math.max(16, Math.round(width * scale)));
      svg.setAttribute("height", Math.max(16, Math.round(height * scale)));
      if (!unit && svg.querySelector("[data-marks]")) {
        // Where shapes lie outside the picture, the large one says so; here they stay in sight.
        const { right, bottom } = reach(svg);
        svg.setAttribute("viewBox", `0 0 ${Math.max(width, right)} ${Math.max(height, bottom)}`);
      }
    }
  };
  picture.addEventListener("load", loaded);
  picture.addEventListener("error", () => picture.classList.add("is-gone"));
  if (picture.complete) {
    if (picture.naturalWidth) {
      loaded();
    } else {
      picture.classList.add("is-gone");
    }
  }
}

/* Labels keep one size on the screen, whatever the picture's scale. */
function sizeLabels(drawing) {
  const svg = drawing.querySelector("[data-svg]");
  const marks = drawing.querySelector("[data-marks]");
  if (!svg || !marks) {
    return;
  }
  const matrix = marks.getScreenCTM();
  if (matrix && matrix.a > 0) {
    marks.setAttribute("font-size", 12.5 / matrix.a);
  }
}

function hot(drawing, number) {
  const marks = drawing.querySelector("[data-marks]");
  if (!marks) {
    return;
  }
  marks.classList.toggle("has-hot", number !== null);
  for (const shape of marks.querySelectorAll("[data-shape]")) {
    shape.classList.toggle("is-hot", shape.dataset.shape === number);
  }
  for (const row of drawing.querySelectorAll("[data-row]")) {
    row.classList.toggle("is-hot", row.dataset.row === number);
  }
}

function pointed(event) {
  const place = event.target.closest?.("[data-shape], [data-row]");
  const drawing = event.target.closest?.("[data-drawing]");
  if (drawing) {
    hot(drawing, place ? (place.dataset.shape ?? place.dataset.row) : null);
  }
}

function left(event) {
  const drawing = event.target.closest?.("[data-drawing]");
  if (drawing && !drawing.contains(event.relatedTarget)) {
    hot(drawing, null);
  }
}

function toggled(input) {
  const drawing = input.closest("[data-drawing]");
  if (input.dataset.fill) {
    drawing.dispatchEvent(new CustomEvent("mask-toggled"));
    return;
  }
  for (const marked of drawing.querySelectorAll("[data-label]")) {
    if (marked.dataset.label === input.dataset.toggle) {
      marked.classList.toggle("is-off", !input.checked);
    }
  }
}

function zoomed(button) {
  const drawing = button.closest("[data-drawing]");
  const stage = drawing.querySelector("[data-stage]");
  const now = Number(stage.dataset.level || 1);
  const next = Math.min(4, Math.max(1, now + (button.dataset.zoom === "in" ? 1 : -1)));
  stage.classList.remove(`zoom-${now}`);
  stage.classList.add(`zoom-${next}`);
  stage.dataset.level = next;
  sizeLabels(drawing);
}

/* The mask's own pixels tell how much of the picture each entry covers, and let one be hidden. Privacy browsers shift
   the colours of a canvas by a step or two, so a colour within two steps is the same one. */
function readMask(drawing, mask) {
  const inputs = [...drawing.querySelectorAll("[data-fill]")].filter((element) => element.matches("input"));
  const picture = new Image();
  picture.onload = () => {
    const { naturalWidth: width, naturalHeight: height } = picture;
    if (!width || width * height > 16e6 || !inputs.length) {
      return;
    }
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    let data;
    try {
      data = context.getImageData(0, 0, width, height);
    } catch {
      return; // a mask of the task's own, from a server that lets nobody look into its pictures
    }
    const colours = inputs.map((input) => [1, 3, 5].map((at) => parseInt(input.dataset.fill.slice(at, at + 2), 16)));
    const owner = new Int16Array(width * height).fill(-1);
    const counts = new Array(inputs.length).fill(0);
    for (let pixel = 0; pixel < owner.length; pixel += 1) {
      const at = pixel * 4;
      if (data.data[at + 3] === 0) {
        continue;
      }
      const found = colours.findIndex((colour) =>
        colour.every((part, channel) => Math.abs(part - data.data[at + channel]) <= 2),
      );
      if (found >= 0) {
        owner[pixel] = found;
        counts[found] += 1;
      } else if (Math.max(data.data[at], data.data[at + 1], data.data[at + 2]) <= 4) {
        data.data[at + 3] = 0; // noise on the background, not a mark
      }
    }
    const alpha = new Uint8Array(owner.length);
    for (let pixel = 0; pixel < owner.length; pixel += 1) {
      alpha[pixel] = data.data[pixel * 4 + 3];
    }
    const paint = () => {
      for (let pixel = 0; pixel < owner.length; pixel += 1) {
        const off = owner[pixel] >= 0 && !inputs[owner[pixel]].checked;
        data.data[pixel * 4 + 3] = off ? 0 : alpha[pixel];
      }
      context.putImageData(data, 0, 0);
      mask.setAttribute("href", canvas.toDataURL("image/png"));
    };
    inputs.forEach((input, place) => {
      const share = (100 * counts[place]) / owner.length;
      const label = input.closest("label").querySelector("[data-share]");
      label.textContent = share && share < 0.1 ? "< 0.1 %" : `${share.toFixed(1)} %`;
    });
    const covered = counts.reduce((sum, count) => sum + count, 0) / owner.length;
    const little = drawing.querySelector("[data-little]");
    if (little && covered < 0.01) {
      little.textContent = `The mask covers ${covered ? `${(100 * covered).toFixed(2)} %` : "nothing"} of the picture.`;
      little.hidden = false;
    }
    paint();
    drawing.addEventListener("mask-toggled", paint);
  };
  picture.src = mask.getAttribute("href");
}

document.addEventListener("mouseover", pointed);
document.addEventListener("mouseout", left);
document.addEventListener("focusin", pointed);
document.addEventListener("focusout", left);
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-mask-only]")) {
    event.target.closest("[data-drawing]").classList.toggle("is-mask-only", event.target.checked);
  }
  if (event.target.matches?.("[data-toggle]")) {
    toggled(event.target);
  }
});
document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-opacity]")) {
    const mask = event.target.closest("[data-drawing]").querySelector("[data-mask]");
    mask.style.opacity = Number(event.target.value) / 100;
  }
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-zoom]");
  if (button) {
    zoomed(button);
  }
});
/* A picture that only the worker named comes through our server, when it is asked for: into the drawing it belongs to,
   else below its address. Without this the link opens it. */
function showPicture(link) {
  const svg = link.closest("[data-drawing]")?.querySelector("[data-svg]");
  const picture = new Image();
  picture.alt = "The picture the worker named";
  picture.className = "answer-fetched";
  link.setAttribute("aria-busy", "true");
  picture.onload = () => {
    if (svg && !svg.querySelector(".answer-photo")) {
      const photo = document.createElementNS("http://www.w3.org/2000/svg", "image");
      photo.setAttribute("class", "answer-photo");
      photo.setAttribute("href", picture.src);
      if (svg.dataset.sized === "yes") {
        photo.setAttribute("width", svg.viewBox.baseVal.width);
        photo.setAttribute("height", svg.viewBox.baseVal.height);
        photo.setAttribute("preserveAspectRatio", "none");
      }
      svg.querySelector(".answer-canvas").after(photo);
      watchPhoto(link.closest("[data-drawing]"));
      link.remove();
    } else {
      link.replaceWith(picture);
    }
  };
  picture.onerror = async () => {
    const note = document.createElement("span");
    note.className = "answer-badge is-flag";
    note.textContent = "It cannot be shown.";
    link.replaceWith(note);
    const answer = await fetch(picture.src, { credentials: "same-origin" }).catch(() => null);
    const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    const sentence = page?.querySelector("p")?.textContent;
    if (sentence && !answer.ok) {
      note.textContent = sentence.slice(0, 300);
    }
  };
  picture.src = link.href;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-show-picture]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    if (!link.hasAttribute("aria-busy")) {
      showPicture(link);
    }
  }
});

addEventListener("resize", () => document.querySelectorAll("[data-drawing]").forEach(sizeLabels));
document.addEventListener("htmx:load", (event) => enhance(event.detail?.elt?.parentElement || document));
enhance(document);
