/** crowd-image-classifier and crowd-image-classifier-multi-select: a picture, what was marked on it, and categories. */

import { CrowdClassifier, CrowdClassifierMultiSelect } from "./classifier.js";
import { h, replace, safeUrl, svg, tell } from "./dom.js";
import { hex, ink, strong } from "./drawing/colours.js";
import { STAGE_CSS, Stage } from "./drawing/stage.js";
import { ZOOM_CSS, zoomTools } from "./drawing/zoom-tools.js";
import { names } from "./widget.js";

const MOST_BOXES = 2_000;

const CSS = `${STAGE_CSS}${ZOOM_CSS}
.comment { margin-top: 0.75rem; }
.comment label { display: block; margin-bottom: 0.25rem; font-size: 0.875rem; font-weight: 550; }
.comment textarea { display: block; width: 100%; min-height: 5rem; padding: 0.5rem 0.75rem; border: 1px solid var(--line-2); border-radius: var(--radius); background: var(--paper); resize: vertical; }
.overlay { opacity: 0.6; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding: 0.5rem 1rem; font-size: 0.8125rem; }
.legend i { display: inline-block; width: 0.75rem; height: 0.75rem; margin-right: 0.375rem; border-radius: 3px; vertical-align: -1px; }
`;

/** The same for both: one answers `label`, the other `labels`. */
function withPicture(Base) {
  return class extends Base {
    static css = CSS;
    static observedAttributes = [...Base.observedAttributes, "src", "overlay"];

    target() {
      this.stage = new Stage({ label: "Picture", onready: () => this.#drawOverlay(), onview: () => this.#placeTags() });
      this.legend = h("div", { class: "legend", part: "legend", hidden: true });
      return [this.stage.root, zoomTools(this.stage), this.legend];
    }

    buildWork() {
      const parts = super.buildWork();
      this.commentBox = h("div", { class: "comment", part: "comment", hidden: true });
      parts.panel.push(this.commentBox);
      return parts;
    }

    update(name) {
      super.update(name);
      if (name === "src" || name === "") {
        this.stage.load(this.getAttribute("src"));
      } else if (name === "overlay") {
        this.#drawOverlay();
      }
      if (name === "") {
        this.#buildComment();
      }
    }

    #buildComment() {
      const region = [...this.children].find((child) => child.localName === "worker-comment");
      if (!region) {
        return;
      }
      const words = (key) => region.getAttribute(key) || "Add a comment.";
      this.comment = h("textarea", {
        maxlength: "5000",
        placeholder: region.getAttribute("placeholder") ?? "",
        "aria-label": words("header"),
        onchange: () => tell(this, "change"),
      });
      const field = h("div", { hidden: true }, h("label", { "aria-hidden": "true" }, words("header")), this.comment);
      const link = h("button", {
        type: "button",
        class: "link",
        onclick: () => {
          field.hidden = false;
          link.hidden = true;
          this.comment.focus();
        },
      }, words("link-text"));
      this.openComment = () => {
        field.hidden = false;
        link.hidden = true;
      };
      replace(this.commentBox, link, field);
      this.commentBox.hidden = false;
    }

    /** What another step drew, which is what is to be judged here. */
    #drawOverlay() {
      const overlay = this.attrLoose("overlay");
      const stage = this.stage;
      replace(stage.shapes);
      stage.root.querySelectorAll(".overlay").forEach((layer) => layer.remove());
      this.boxes = [];
      this.legend.hidden = true;
      if (!stage.isReady || typeof overlay !== "object" || overlay === null) {
        return;
      }
      this.#drawBoxes(overlay.boundingBox);
      this.#drawMask(overlay.semanticSegmentation ?? overlay.instanceSegmentation);
      this.#placeTags();
    }

    #drawBoxes(given) {
      const labels = names(given?.labels);
      for (const box of Array.isArray(given?.value) ? given.value.slice(0, MOST_BOXES) : []) {
        const [left, top, width, height] = ["left", "top", "width", "height"].map((key) => Number(box?.[key]));
        if (![left, top, width, height].every(Number.isFinite)) {
          continue;
        }
        const label = String(box.label ?? "").slice(0, 200);
        const colour = strong(Math.max(0, labels.indexOf(label)));
        this.boxes.push({ label, colour, at: { x: left, y: top } });
        this.stage.shapes.append(
          svg("rect", { x: left, y: top, width: Math.max(0, width), height: Math.max(0, height), fill: colour, "fill-opacity": 0.12, stroke: colour, "stroke-width": 2.5, "vector-effect": "non-scaling-stroke" }),
        );
      }
    }

    #drawMask(given) {
      const url = safeUrl(given?.src, { pictures: true });
      if (!url) {
        return;
      }
      const mask = h("img", { class: "layer overlay", src: url, alt: "" });
      mask.style.width = `${this.stage.width}px`;
      mask.style.height = `${this.stage.height}px`;
      this.stage.picture.after(mask);
      this.stage.zoom(1);
      const entries = Array.isArray(given.instances)
        ? given.instances.map((item) => [item?.label, item?.color])
        : Object.entries(given.labelMappings ?? {}).map(([label, item]) => [label, item?.color]);
      replace(
        this.legend,
        entries.slice(0, 250).map(([label, colour]) => {
          const swatch = h("i");
          swatch.style.background = hex(colour) || "transparent";
          return h("span", {}, swatch, String(label ?? "").slice(0, 200));
        }),
      );
      this.legend.hidden = !entries.length;
    }

    #placeTags() {
      replace(
        this.stage.tags,
        (this.boxes ?? []).slice(0, 200).map(({ label, colour, at }) => {
          const tag = h("div", { class: "tag" }, label);
          const { x, y } = this.stage.toStage(at);
          tag.style.background = colour;
          tag.style.color = ink(colour);
          tag.style.transform = `translate(${x}px, ${Math.max(0, y - 18)}px)`;
          return tag;
        }),
      );
    }

    get src() {
      return this.attr("src");
    }

    set src(value) {
      this.setAttribute("src", value);
    }

    answer() {
      const answer = super.answer();
      const comment = this.comment?.value.trim();
      return answer && comment ? { ...answer, workerComment: comment } : answer;
    }

    get draft() {
      return { ...super.draft, comment: this.comment?.value ?? "" };
    }

    set draft(what) {
      super.draft = what;
      if (this.comment && typeof what?.comment === "string" && what.comment) {
        this.comment.value = what.comment;
        this.openComment();
      }
    }
  };
}

export class CrowdImageClassifier extends withPicture(CrowdClassifier) {}

export class CrowdImageClassifierMultiSelect extends withPicture(CrowdClassifierMultiSelect) {}
