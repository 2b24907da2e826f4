"use strict";
// Fetches the report's state every five seconds while the page is visible. Text that is being typed stays in its field.
(() => {
  const [state, lines, lost] = ["state", "lines", "lost"].map((id) => document.getElementById(id));
  const look = async () => {
    try {
      const answer = await fetch(`${location.pathname}?live`, { cache: "no-store" });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const now = await answer.json();
      if (now.over) return location.replace(location.pathname);
      lost.hidden = true;
      if (state.textContent !== now.state) state.textContent = now.state;
      lines.replaceChildren(...now.lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    } catch {
      lost.hidden = false;
    }
    later();
  };
  const later = () => setTimeout(() => (document.hidden ? later() : look()), 5000);
  later();
})();
