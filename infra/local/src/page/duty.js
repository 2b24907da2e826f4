// Duty: what is open, who is on duty, the mails that come in, and the time that passes until the next phone rings.

import { ask, say } from "./ask.js";
import { $, el, here, keyed, when } from "./dom.js";
import { incidents } from "./incidents.js";
import { showMailbox } from "./mailbox.js";
import { rotas, sources } from "./roster.js";
import { showRotas } from "./rota.js";
import { openSpace } from "./spaces.js";
import { systemTime } from "./state.js";

const TOLD = "duty-said";
/** So many of those that are over are still shown. */
const OVER = 4;
/** What can be tried, with a form and without. */
const TRY = { true: "Send a mail, or report something by the form.", false: "Send a mail." };

function incidentNode(one) {
  const jump = () => {
    openSpace(one.space);
    $("spaces").scrollIntoView({ block: "nearest", behavior: "auto" });
    $("space").querySelector(".card button, .messages")?.focus();
  };
  return el(
    "li",
    { class: "incident", "data-tone": one.tone },
    el("p", { class: "incident-head" }, el("strong", {}, one.how), when(one.at)),
    el("p", {}, one.title),
    one.next && el("p", { class: "dim" }, `Next: ${one.next}`),
    el("p", { class: "dim" }, `${one.reference}${one.over ? "" : ` · text back ${one.number}`} `, el("button", { type: "button", class: "small", "aria-label": `To the card of ${one.reference}`, onclick: jump }, "to its card")),
  );
}

function showIncidents() {
  const all = incidents();
  const over = all.filter((one) => one.over).slice(0, OVER);
  keyed($("incident-list"), [...all.filter((one) => !one.over), ...over], (one) => one.reference, incidentNode);
  $("incident-list").dataset.empty = `Nothing is open. ${TRY[sources().some((source) => source.form)]}`;
}

/** The panel, if there is a source of alerts, or a rota. */
export function showDuty() {
  const some = sources().length > 0 || rotas().length > 0;
  $("duty").hidden = !some;
  document.body.classList.toggle("has-duty", some);
  if (!some) return;
  const forms = sources().filter((source) => source.form);
  keyed($("alert-forms"), forms, (source) => source.name, (source) => el("li", {}, el("a", { href: here(source.form), target: "_blank", rel: "noopener" }, forms.length > 1 ? `Report trouble to ${source.label}` : "Report trouble by the form")));
  showMailbox();
  showIncidents();
  $("rota-part").hidden = !rotas().length;
  showRotas($("rota-part"), rotas(), systemTime());
}

export function tellDutyTime(now) {
  const text = now.toLocaleString("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  $("duty-clock").textContent = text;
  $("duty-clock").dateTime = now.toISOString();
}

for (const button of document.querySelectorAll("#duty [data-later]")) {
  button.addEventListener("click", async () => {
    const told = await ask("POST", "/sim/clock", { json: { advance: button.dataset.later }, told: TOLD });
    if (told.ok) say(`It is ${button.dataset.words} later for everybody.`, "", TOLD);
  });
}

/** What to do next where duty is what is tried, and the place of it. */
export function nextForDuty() {
  const all = incidents();
  const one = all.find((each) => !each.over);
  if (one?.tone === "bad") return [`${one.reference}: ${one.how.toLowerCase()}. Take it, or let time pass: the next step comes by itself.`, "duty"];
  if (one) return [`${one.how} (${one.reference}). When it is done: text back “done”, or press Done on the card.`, "phones"];
  if (all.length) return ["It is over, and everybody was told. Send another mail, or let time pass and read the report.", "duty"];
  return ["Send “Nagios: PROBLEM” to Handbell, and see whose phone rings.", "duty"];
}
