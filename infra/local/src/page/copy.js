// To the clipboard, or ready to be copied by hand.

import { el } from "./dom.js";

/** Copies a command; the button says so. */
export async function copy(text, button) {
  const was = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
    setTimeout(() => (button.textContent = was), 1500);
  } catch {
    // No clipboard (not a secure place): show it, ready to be copied by hand.
    const area = el("textarea", { class: "copy", readonly: true, rows: "5", "aria-label": "The command" });
    area.value = text;
    button.parentElement.after(area);
    area.select();
  }
}
