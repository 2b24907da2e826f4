// Copies to the clipboard, or selects text for copying by hand.

import { el } from "./dom.js";

/** Copies a command, and confirms it on the button. */
export async function copy(text, button) {
  const was = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
    setTimeout(() => (button.textContent = was), 1500);
  } catch {
    // Without a clipboard (no secure context), show the text for copying by hand.
    const area = el("textarea", { class: "copy", readonly: true, rows: "5", "aria-label": "The command" });
    area.value = text;
    button.parentElement.after(area);
    area.select();
  }
}
