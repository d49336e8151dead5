/** Defines all elements once the page is read, and says so: `all-crowd-elements-ready` on the document. */

import { CrowdButton, CrowdFab, CrowdIconButton } from "./buttons.js";
import { CrowdCheckbox, CrowdRadioButton, CrowdRadioGroup, CrowdToggleButton } from "./choices.js";
import { CrowdClassifier, CrowdClassifierMultiSelect } from "./classifier.js";
import { CrowdBoundingBox } from "./drawing/box.js";
import { CrowdLine, CrowdPolygon, CrowdPolyline } from "./drawing/paths.js";
import { CrowdKeypoint } from "./drawing/point.js";
import { CrowdEntityAnnotation } from "./entities.js";
import { CrowdForm } from "./form.js";
import { CrowdImageClassifier, CrowdImageClassifierMultiSelect } from "./image-classifier.js";
import { CrowdInstructions } from "./instructions.js";
import { CrowdCard, CrowdModal, CrowdTab, CrowdTabs } from "./layout.js";
import { sheet } from "./look.js";
import { CrowdAlert, CrowdBadge, CrowdToast } from "./notices.js";
import { CrowdInstanceSegmentation } from "./segmentation/instance.js";
import { CrowdSemanticSegmentation } from "./segmentation/semantic.js";
import { CrowdSlider, CrowdSliderLabel } from "./slider.js";
import { CrowdInput, CrowdTextArea } from "./text-fields.js";

// The form is first: it moves what it holds, which is better done before that has come to life.
const ELEMENTS = {
  "crowd-form": CrowdForm,
  "crowd-button": CrowdButton,
  "crowd-icon-button": CrowdIconButton,
  "crowd-fab": CrowdFab,
  "crowd-input": CrowdInput,
  "crowd-text-area": CrowdTextArea,
  "crowd-checkbox": CrowdCheckbox,
  "crowd-radio-group": CrowdRadioGroup,
  "crowd-radio-button": CrowdRadioButton,
  "crowd-toggle-button": CrowdToggleButton,
  "crowd-slider": CrowdSlider,
  "crowd-slider-label": CrowdSliderLabel,
  "crowd-alert": CrowdAlert,
  "crowd-toast": CrowdToast,
  "crowd-badge": CrowdBadge,
  "crowd-card": CrowdCard,
  "crowd-tabs": CrowdTabs,
  "crowd-tab": CrowdTab,
  "crowd-modal": CrowdModal,
  "crowd-instructions": CrowdInstructions,
  "crowd-classifier": CrowdClassifier,
  "crowd-classifier-multi-select": CrowdClassifierMultiSelect,
  "crowd-image-classifier": CrowdImageClassifier,
  "crowd-image-classifier-multi-select": CrowdImageClassifierMultiSelect,
  "crowd-entity-annotation": CrowdEntityAnnotation,
  "crowd-bounding-box": CrowdBoundingBox,
  "crowd-polygon": CrowdPolygon,
  "crowd-polyline": CrowdPolyline,
  "crowd-line": CrowdLine,
  "crowd-keypoint": CrowdKeypoint,
  "crowd-semantic-segmentation": CrowdSemanticSegmentation,
  "crowd-instance-segmentation": CrowdInstanceSegmentation,
};

function define() {
  document.adoptedStyleSheets = [sheet("page"), ...document.adoptedStyleSheets];
  for (const [name, constructor] of Object.entries(ELEMENTS)) {
    if (!customElements.get(name)) {
      customElements.define(name, constructor);
    }
  }
  document.dispatchEvent(new CustomEvent("all-crowd-elements-ready", { bubbles: true }));
}

// A module that a script added runs as soon as it is there, perhaps before the page has been read to its end.
if (document.readyState === "loading") {
  document.addEventListener("DOMContentLoaded", define, { once: true });
} else {
  define();
}
