// The first steps with customers: what was tried, and what to try next.

import { dials, talks } from "./calls.js";
import { CUSTOMERS, phoneOf } from "./lines.js";
import { isHandbell } from "./presence.js";
import { state } from "./state.js";

const HIDDEN = /^\/(w|whisper)\b|^note:/i;

/** The team's messages, without the mention at the beginning. */
function written() {
  const people = state.spaces.flatMap((space) => space.messages).filter((message) => !isHandbell(message.author));
  return people.map((message) => (message.text ?? "").replace(/^@?Handbell\s+/, "").trim());
}

/** The steps in order, each with its action, its place, and whether it is done. */
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
    [`Be ${first}: type a text on the phone below, and send it.`, "customer-phones", came.length > 0],
    [`${first}’s text is in a Webex space of its own. Answer there${mention}: it goes out as a text.`, "compose", said.some((words) => words && went.some((body) => body.includes(words)))],
    ["Now whisper in the space: /w in front. It stays in the team.", "compose", said.some((words) => HIDDEN.test(words))],
    [`Press STOP on ${first}’s phone, and answer once more: nothing goes out.`, "customer-phones", stopped],
    ["Press START on the same phone: texts go out again.", "customer-phones", !stopped || came.some((text) => word(text) === "START")],
    ["Call from a customer’s phone and let it ring: nobody takes it, so leave a voicemail.", "customer-phones", customers.some((customer) => (customer.calls ?? []).some((call) => call.recordings?.length))],
  ];
}

/** What is urgent, because a customer is in a call. */
function call(customers) {
  const tape = customers.find((customer) => customer.call?.recording);
  if (tape) return [`Nobody took ${tape.name}’s call: speak after the tone, then hang up.`, "customer-phones"];
  const talk = customers.find((customer) => talks(customer.call) || dials(customer.call));
  return talk ? [`${talk.name} is in a call. Hang up to end it.`, "customer-phones"] : null;
}

/** The next thing to try with customers, and its place. */
export function nextForCustomers() {
  const customers = CUSTOMERS.map(phoneOf);
  const urgent = call(customers);
  if (urgent) return urgent;
  const open = steps(customers).find(([, , done]) => !done);
  if (open) return open.slice(0, 2);
  return ["All of it is tried. There are /help, /claim, pictures, threads, edits and the web form, too.", "compose"];
}

/** The progress, before the next thing to try. */
export function journeyAt() {
  const customers = CUSTOMERS.map(phoneOf);
  if (call(customers)) return "Now:";
  const all = steps(customers);
  const at = all.findIndex(([, , done]) => !done);
  return at < 0 ? "Done:" : `Try this (${at + 1} of ${all.length}):`;
}
