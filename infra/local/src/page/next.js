// The next thing to try in the current scene: a line, and its place on the page.

import { rings, talks } from "./calls.js";
import { openPhone } from "./dock.js";
import { $ } from "./dom.js";
import { nextForDuty } from "./duty.js";
import { nextForFloor } from "./floor.js";
import { journeyAt, nextForCustomers } from "./journey.js";
import { CENTRE, callName, isCustomer } from "./lines.js";
import { scene } from "./scenes.js";
import { state } from "./state.js";
import { nextForButton } from "./steps.js";

const NEXT = { button: nextForButton, duty: nextForDuty, floor: nextForFloor, customers: nextForCustomers };

/** What is urgent, because a phone of the team rings or is in a call. */
function nextOnThePhone() {
  const phones = state.phones.filter((phone) => !isCustomer(phone));
  const ring = phones.find((phone) => rings(phone.call));
  if (ring?.number === CENTRE.number) return [`The ${CENTRE.name.toLowerCase()}’s phone rings. Answer it, or move the time until it gives up: +5 min.`, ring];
  if (ring) return [`The phone of ${callName(ring)} rings. Answer it.`, ring];
  const talk = phones.find((phone) => talks(phone.call) && phone.number !== CENTRE.number);
  if (!talk) return null;
  return [talk.call.gather ? `${callName(talk)} hears what is the matter. Press 1 on the key pad: “I have it”.` : `${callName(talk)} is on the line. Listen.`, talk];
}

const PLACES = {
  buttons: "to the button", troubles: "to the troubles", zones: "to the floor", spaces: "to Webex", compose: "to Webex",
  "customer-phones": "to the customers", mailbox: "to the mails", incidents: "to the incidents",
};
/** The control to focus in a place, if it isn't the first one. */
const FIRST = { zones: "input[type=range]", spaces: ".card button, #tabs button, #space button, #space a", compose: "textarea", "customer-phones": ".call:not([hidden]) button, .customer input", mailbox: ".sends button, a" };

export function showNext() {
  if (!scene()) return;
  const call = nextOnThePhone();
  const [text, place] = call ?? NEXT[scene()]();
  // Announced again only if it has changed.
  const at = call ? "Now:" : scene() === "customers" ? journeyAt() : "Try this:";
  if ($("next-at").textContent !== at) $("next-at").textContent = at;
  if ($("next-text").textContent !== text) $("next-text").textContent = text;
  $("next").dataset.urgent = String(Boolean(call));
  const jump = $("next-jump");
  jump.hidden = !place;
  if (!place) return;
  jump.textContent = PLACES[place] ?? "to the phone";
  jump.go = () => {
    const target = typeof place === "string" ? $(place) : openPhone(place.number);
    target?.scrollIntoView({ block: "nearest", behavior: "auto" });
    const things = [...(target?.querySelectorAll(FIRST[place] ?? "button, input") ?? [])];
    (things.find((thing) => thing.checkVisibility()) ?? target)?.focus();
  };
}

$("next-jump").addEventListener("click", (event) => {
  event.preventDefault();
  event.currentTarget.go?.();
});
