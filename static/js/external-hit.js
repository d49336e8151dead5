// What tasks call after loading externalHIT_v1.js: fills in the assignment, and keeps a preview from being handed in.
(function () {
  "use strict";
  window.turkGetParam = function (name, missing) {
    const value = new URLSearchParams(location.search).get(name);
    return value === null ? (missing === undefined ? "" : missing) : value;
  };
  window.turkSetAssignmentID = function (form) {
    const id = window.turkGetParam("assignmentId", "");
    const element = form || document.getElementById("assignmentId");
    if (element && "value" in element) element.value = id;
    if (id === "ASSIGNMENT_ID_NOT_AVAILABLE") {
      const button = document.getElementById("submitButton");
      if (button) {
        button.disabled = true;
        button.value = "You must ACCEPT the HIT before you can submit the results.";
      }
    }
  };
})();
