// The first steps of the customer job: what has been tried, and what to try next.

import { $ } from "./dom.js";
import { dials, rings, talks } from "./calls.js";
import { CENTRE, CUSTOMERS, phoneOf } from "./lines.js";
import { isHandbell } from "./presence.js";
import { state } from "./state.js";

const HIDDEN = /^\/(w|whisper)\b|^note:/i;

/** What people of the team wrote, without the mention in front. */
function written() {
  const people = state.spaces.flatMap((space) => space.messages).filter((message) => !isHandbell(message.author));
  return people.map((message) => (message.text ?? "").replace(/^@?Handbell\s+/, "").trim());
}

/** The steps in their order; each says what to do, where, and whether it is done. */
function steps(customers) {
  const texts = customers.flatMap((customer) => customer.texts);
  const came = texts.filter((text) => text.direction === "inbound");
  const went = texts.filter((text) => text.direction !== "inbound").map((text) => text.body ?? "");
  const said = written();
  const word = (text) => (text.body ?? "").trim().toUpperCase();
  const stopped = came.some((text) => word(text) === "STOP");
  const first = CUSTOMERS[0].name;
  const mention = state.bot ? " with the mention of Handbell" : "";
  return [
    [`Be ${first}: type a text on the phone under Customers, and send it.`, "customers", came.length > 0],
    [`${first}’s text is in a Webex space of its own. Answer there${mention}: it goes out as a text.`, "compose", said.some((words) => words && went.some((body) => body.includes(words)))],
    ["Now whisper in the space: /w in front. It stays in the team.", "compose", said.some((words) => HIDDEN.test(words))],
    [`Press STOP on ${first}’s phone, and answer once more: nothing goes out.`, "customers", stopped],
    ["Press START on the same phone: texts go out again.", "customers", !stopped || came.some((text) => word(text) === "START")],
    ["Call from a customer’s phone and let it ring: nobody takes it, so leave a voicemail.", "customers", customers.some((customer) => (customer.calls ?? []).some((call) => call.recordings?.length))],
  ];
}

/** What somebody has to do at once, because of a call. */
function call(customers) {
  const centre = phoneOf(CENTRE);
  if (rings(centre.call)) return [`The ${CENTRE.name.toLowerCase()}’s phone rings. Answer it, or move the time until it gives up: 5 minutes later.`, "customers"];
  const tape = customers.find((customer) => customer.call?.recording);
  if (tape) return [`Nobody took ${tape.name}’s call: speak after the tone, then hang up.`, "customers"];
  const talk = customers.find((customer) => talks(customer.call) || dials(customer.call));
  return talk ? [`${talk.name} is in a call. Hang up to end it.`, "customers"] : null;
}

/** The next step of the customer job, and the place of it. */
export function nextForCustomers() {
  const customers = CUSTOMERS.map(phoneOf);
  const urgent = call(customers);
  if (urgent) return urgent;
  const open = steps(customers).find(([, , done]) => !done);
  if (open) return open.slice(0, 2);
  return ["All of it is tried. There are /help, /claim, pictures, threads, edits and the web form, too.", "compose"];
}

/** Whether somebody has begun with it. */
export const customersAreHeard = () => CUSTOMERS.map(phoneOf).some((customer) => customer.texts.length || customer.call || customer.calls.length);

export function showJourney() {
  const all = steps(CUSTOMERS.map(phoneOf));
  const at = all.findIndex(([, , done]) => !done);
  const urgent = call(CUSTOMERS.map(phoneOf));
  $("journey-at").textContent = urgent ? "Now:" : at < 0 ? "Done:" : `Try next (${at + 1} of ${all.length}):`;
  const text = nextForCustomers()[0];
  if ($("journey").textContent !== text) $("journey").textContent = text;
}
