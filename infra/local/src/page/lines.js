// The lines on which customers reach a team, and the owners of the phones on this laptop.

import { number } from "./dom.js";
import { state } from "./state.js";

/** Simulated customers, whose numbers are reserved for examples. */
export const CUSTOMERS = [
  { number: "+12025550123", name: "Tommy" },
  { number: "+447700900123", name: "Ada" },
];
/** The phone to which the demo forwards calls. */
export const CENTRE = { number: "+12025550120", name: "Contact centre" };

const NAMES = new Map([...CUSTOMERS, CENTRE].map((each) => [each.number, each.name]));

/** The lines of the configuration, each with its name, label, number, and the path of its form if it has one. */
export const lines = () => state.lines ?? [];

/** The phones of the people who are alerted, and no others. */
export const isTeam = (phone) => !lines().length || !NAMES.has(phone.number);

/** Whether it is a customer's phone, which is with the customers; all others are in the dock. */
export const isCustomer = (phone) => lines().length > 0 && CUSTOMERS.some((each) => each.number === phone.number);

/** The owner of the phone, or its number. */
export const callName = (phone) => phone.name || NAMES.get(phone.number) || number(phone.number);

/** The name of the person who took an incident: `+12025550111 (by phone)` becomes the owner's name. */
export const takerName = (by) => by?.replace(/^\+\d{7,15}/, (raw) => callName(state.phones.find((phone) => phone.number === raw) ?? { number: raw }));

/** The phone with this number, even if it has not been used yet. */
export function phoneOf(one) {
  const known = state.phones.find((phone) => phone.number === one.number);
  return { texts: [], call: null, calls: [], ...known, ...one };
}
