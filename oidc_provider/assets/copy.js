// Buttons that copy what stands on the page: a convenience. Without scripts they stay hidden, and the text can be marked by hand.
"use strict";

(() => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    if (!source) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const parts = [...source.querySelectorAll("code")];
      const text = parts.length ? parts.map((part) => part.textContent).join("\n") : source.textContent.trim();
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = button.dataset.copied;
      } catch {
        getSelection().selectAllChildren(source);
      }
    });
  }
})();
