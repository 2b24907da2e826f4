// The system's time: shows and advances it.

import { ask, say } from "./ask.js";
import { $ } from "./dom.js";
import { state, systemTime } from "./state.js";

const advance = (by) => ask("POST", "/sim/clock", { json: { advance: by } });

for (const button of document.querySelectorAll("[data-later]")) {
  button.addEventListener("click", async () => {
    const told = await advance(button.dataset.later);
    if (told.ok) say(`It is ${button.dataset.words} later for everybody.`);
  });
}

let run = 0; // which run of time is on; another number ends the one before

/** Advances the clock by this many minutes a second, each after the answer to the previous one. An empty speed means real time. */
export async function faster(speed) {
  run += 1;
  const mine = run;
  $("speed").value = speed;
  const pause = 1000 / Number(speed || 1);
  while (speed && run === mine) {
    const begun = performance.now();
    const told = await advance("1m");
    if (run !== mine) return;
    if (!told.ok) {
      $("speed").value = "";
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, pause - (performance.now() - begun))));
  }
}

$("speed").addEventListener("change", (event) => faster(event.target.value));
addEventListener("pagehide", () => faster(""));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden || !$("speed").value) return;
  faster("");
  say("You looked away: time runs as usual again.");
});

/** The clock, and its offset from this machine's. */
export function showTime() {
  const now = systemTime();
  if (!now) return;
  $("clock").textContent = now.toLocaleString("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  $("clock").dateTime = now.toISOString();
  const ahead = Math.round((state.ahead_seconds ?? 0) / 60);
  $("ahead").hidden = !ahead;
  $("ahead").textContent = ahead < 120 ? `${ahead} min ahead` : `${Math.round(ahead / 60)} h ahead`;
}

setInterval(showTime, 1000);
