/* The file a task's page loads, under the name it always had: a classic script that starts the modules beside it.
   Everything comes from the place this file came from, so a task works wherever it is served, offline too. */
(function () {
  "use strict";
  var script = document.currentScript;
  if (!script || !script.src || document.querySelector("script[data-crowd-elements]")) {
    return;
  }
  var module = document.createElement("script");
  module.type = "module";
  // A frame of opaque origin may load modules only as a stranger: the server answers `Access-Control-Allow-Origin: *`.
  module.crossOrigin = "anonymous";
  module.setAttribute("data-crowd-elements", "");
  module.src = new URL("elements.js", script.src).href;
  module.onerror = function () {
    document.dispatchEvent(new CustomEvent("crowd-elements-failed", { detail: module.src }));
  };
  (document.head || document.documentElement).appendChild(module);
})();
