// Buttons that print the page: a convenience. Without scripts they stay hidden, and the browser's own menu prints.
"use strict";

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
