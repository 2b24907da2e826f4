// What to do first: one line, and the place on the page that it speaks of.

import { rings, talks } from "./calls.js";
import { $, many } from "./dom.js";
import { nextForDuty } from "./duty.js";
import { incidents, openIncidents } from "./incidents.js";
import { customersAreHeard, nextForCustomers } from "./journey.js";
import { nameOf, wordOf } from "./levels.js";
import { callName, isTeam, lines } from "./lines.js";
import { sources } from "./roster.js";
import { state } from "./state.js";
import { is } from "./troubles.js";

/** One line, and the place on the page that it speaks of. */
function nextStep() {
  const { buttons, zones, spaces, troubles } = state;
  const phones = state.phones.filter(isTeam);
  const first = buttons[0];
  const alerts = sources().length > 0;
  if (!first && !zones.length && lines().length && !(alerts && incidents().length)) return nextForCustomers();
  if (!first && zones.length && !alerts) return nextOnTheFloor();
  if (!first && !alerts) return ["No button is configured. Add one under buttons: in the configuration.", null];
  const name = callName;
  const ring = phones.find((phone) => rings(phone.call));
  if (ring) return [`The phone of ${name(ring)} rings. Answer it.`, ring];
  const talk = phones.find((phone) => talks(phone.call));
  if (talk) return [talk.call.gather ? `${name(talk)} hears what is the matter. Press 1 on the key pad: “I have it”.` : `${name(talk)} is on the line. Listen.`, talk];
  if (troubles.some(is("webex", "502-before"))) return ["Webex is down. Press: the press is stored and waits. Then bring Webex back and see it arrive.", "troubles"];
  if (troubles.length && troubles.every((trouble) => trouble.vendor === "cmx")) return nextOnTheFloor();
  if (troubles.length) return ["There is trouble. Press, and see that nothing is lost and nothing comes twice.", "troubles"];
  const quiet = buttons.every((button) => !["open", "acknowledged"].includes(button.state));
  if (alerts && openIncidents().length && quiet) return nextForDuty();
  // A zone that is busy is more urgent than a button that nobody has touched.
  if (zones.some((zone) => zone.level) && buttons.every((button) => !button.count)) return nextOnTheFloor();
  if (lines().length && customersAreHeard() && buttons.every((button) => !button.count)) return nextForCustomers();
  if (alerts && incidents().length && buttons.every((button) => !button.count)) return nextForDuty();
  if (!first) return zones.length ? nextOnTheFloor() : lines().length ? nextForCustomers() : nextForDuty();
  const label = first.label || first.name;
  const active = buttons.find((button) => button.state === "acknowledged") ?? buttons.find((button) => button.count) ?? first;
  if (active.state === "acknowledged") return [`${active.by || "Somebody"} has it, and the climb has stopped. Press again to climb again, or make some trouble.`, "troubles"];
  if (active.state === "resolved" || active.state === "cancelled") return [`It is ${active.state}. The next press begins anew.`, "buttons"];
  const space = spaces.find((each) => each.messages.length);
  if (!active.count) return [`Press “${label}”: people are called into a Webex space.`, "buttons"];
  if (!space) return ["The press is stored. A Webex space is being made…", null];
  const sms = phones.find((phone) => phone.texts.some((text) => text.direction !== "inbound"));
  const called = phones.find((phone) => phone.calls?.length);
  if (called) return ["The call has ended and nobody has said “I have it”. Press again: it climbs on.", "buttons"];
  if (!sms) {
    return active.count === 1
      ? [`The space “${space.title}” is there, with ${many(space.people.length, "person", "people")} in it. Nobody comes? Press again.`, "buttons"]
      : [`Pressed ${many(active.count, "time")}. The next step is on its way…`, null];
  }
  return [`${name(sms)} has a text now. Still nobody? Press again: a phone rings.`, "buttons"];
}

/** The same for whoever has zones. */
function nextOnTheFloor() {
  const { zones, troubles } = state;
  const busy = zones.find((zone) => zone.level === "alert") ?? zones.find((zone) => zone.level);
  if (troubles.some((trouble) => trouble.vendor === "cmx")) return ["The source fails. Let minutes pass: no alarm, no all-clear, and after a while a word that nothing is known.", "floor"];
  if (zones.some((zone) => zone.day)) return ["A Saturday goes by. Watch the line, and what is told in Webex.", "spaces"];
  if (busy?.incident?.state === "acknowledged") return [`${busy.incident.by || "Somebody"} is on the way to ${nameOf(busy)}. Let it get empty, and minutes pass: one all-clear.`, "floor"];
  if (busy) return [`${nameOf(busy)} is ${wordOf(busy)}. Press “On my way” on the card in Webex.`, "spaces"];
  const lowest = zones[0].levels?.[0];
  return [lowest ? `Move the slider of ${nameOf(zones[0])} to ${lowest.at} or more, then let two minutes pass.` : "Move a slider, and let minutes pass.", "floor"];
}

const PLACES = { buttons: "to the button", troubles: "to the troubles", floor: "to the floor", spaces: "to Webex", compose: "to Webex", customers: "to the customers", duty: "to duty", phones: "to the phones" };
/** What is operated first in a place: there, the first thing isn't it. */
const FIRST = { spaces: "#tabs button, #space button, #space a", compose: "textarea", customers: ".call:not([hidden]) button, .customer input", duty: ".sends button, .incident button" };

export function showNext() {
  const [text, place] = nextStep();
  // Told again only when it is something new.
  if ($("next-text").textContent !== text) $("next-text").textContent = text;
  const jump = $("next-jump");
  jump.hidden = !place;
  if (!place) return;
  jump.textContent = PLACES[place] ?? "to the phone";
  jump.go = () => {
    const target = typeof place === "string" ? $(place) : [...document.querySelectorAll(".phone")].find((node) => node.dataset.key === place.number);
    target?.scrollIntoView({ block: "nearest", behavior: "auto" });
    const things = [...(target?.querySelectorAll(FIRST[place] ?? "button, input") ?? [])];
    (things.find((thing) => thing.checkVisibility()) ?? target)?.focus();
  };
}

$("next-jump").addEventListener("click", (event) => {
  event.preventDefault();
  event.currentTarget.go?.();
});
