// Starts the API's viewer, and sends the form token of the page with what changes something.
"use strict";
const viewer = document.getElementById("viewer");
window.SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (!["GET", "HEAD"].includes((request.method || "GET").toUpperCase())) {
      request.headers["X-Samekey-Csrf"] = viewer.dataset.csrf;
    }
    return request;
  },
});
