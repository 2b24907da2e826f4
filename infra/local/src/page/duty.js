// On-call alerts: inbound mails, their incidents, and who is on call.

import { $, el, here, keyed, when } from "./dom.js";
import { incidents } from "./incidents.js";
import { showMailbox } from "./mailbox.js";
import { rotas, sources } from "./roster.js";
import { showRotas } from "./rota.js";
import { openSpace } from "./spaces.js";
import { systemTime } from "./state.js";

/** Number of closed incidents that are shown. */
const OVER = 4;
/** What to try, with a form and without one. */
const TRY = { true: "Send a mail, or report something by the form.", false: "Send a mail." };

function incidentNode(one) {
  const jump = () => {
    openSpace(one.space);
    $("spaces").scrollIntoView({ block: "nearest", behavior: "auto" });
    const messages = $("space").querySelector(".messages");
    // The newest card is the current one.
    ([...messages.querySelectorAll(".card button")].at(-1) ?? messages).focus({ preventScroll: true });
    messages.scrollTop = messages.scrollHeight;
  };
  return el(
    "li",
    { class: "incident", "data-tone": one.tone },
    el("p", { class: "incident-head" }, el("strong", {}, one.how), when(one.at)),
    el("p", {}, one.title),
    one.next && el("p", { class: "dim" }, `Next: ${one.next}`),
    el("p", { class: "dim" }, `${one.reference}${one.over ? "" : ` · text back ${one.number}`} `, el("button", { type: "button", class: "small", "aria-label": `To its card: ${one.reference}`, onclick: jump }, "to its card")),
  );
}

function showIncidents() {
  const all = incidents();
  const over = all.filter((one) => one.over).slice(0, OVER);
  keyed($("incident-list"), [...all.filter((one) => !one.over), ...over], (one) => one.reference, incidentNode);
  $("incident-list").dataset.empty = `Nothing is open. ${TRY[sources().some((source) => source.form)]}`;
}

export function showDuty() {
  $("mailbox").hidden = !sources().length;
  const forms = sources().filter((source) => source.form);
  keyed($("alert-forms"), forms, (source) => source.name, (source) => el("li", {}, el("a", { href: here(source.form), target: "_blank", rel: "noopener" }, forms.length > 1 ? `Report trouble to ${source.label}` : "Report trouble by the form")));
  showMailbox();
  showIncidents();
  $("rota-part").hidden = !rotas().length;
  showRotas($("rota-part"), rotas(), systemTime());
}

/** The next thing to try with alerts, and its place. */
export function nextForDuty() {
  if (!sources().length) return ["These are on call. Nothing raises alerts: add a source under sources: in the configuration.", null];
  const all = incidents();
  const open = all.filter((each) => !each.over);
  // Unacknowledged incidents come first, even before newer ones.
  const one = open.find((each) => each.tone === "bad") ?? open[0];
  if (one?.tone === "bad") return [`${one.reference}: ${one.how.toLowerCase()}. Take it, or let time pass: the next step comes automatically.`, "incidents"];
  if (one) return [`${one.how} (${one.reference}). When it is done: text back “done” from the phone, or press Done on the card.`, "spaces"];
  if (all.length) return ["It is over, and everybody was told. Send another mail, or let time pass and read the report.", "mailbox"];
  if (!sources().some((source) => source.mail)) return ["Report something by the form, and see whose phone rings.", "mailbox"];
  return ["Send “Nagios: PROBLEM” to Handbell, and see whose phone rings.", "mailbox"];
}
