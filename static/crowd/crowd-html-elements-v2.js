/* The same file under its other name. */
(function () {
  "use strict";
  var script = document.createElement("script");
  script.src = new URL("crowd-html-elements.js", document.currentScript.src).href;
  (document.head || document.documentElement).appendChild(script);
})();
