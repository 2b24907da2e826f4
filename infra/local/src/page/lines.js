// The lines on which customers reach a team, and who has which phone on this laptop.

import { number } from "./dom.js";
import { state } from "./state.js";

/** People who are no customers of anybody: their numbers are kept for examples. */
export const CUSTOMERS = [
  { number: "+12025550123", name: "Tommy" },
  { number: "+447700900123", name: "Ada" },
];
/** The phone that the demo passes calls on to. */
export const CENTRE = { number: "+12025550120", name: "Contact centre" };

const NAMES = new Map([...CUSTOMERS, CENTRE].map((each) => [each.number, each.name]));

/** The lines of the configuration, each with its name, label, number, and the path of its form if it has one. */
export const lines = () => state.lines ?? [];

/** The phones of those who are called for help, and of nobody else. */
export const isTeam = (phone) => !lines().length || !NAMES.has(phone.number);

/** A customer's phone: it lies with the customers, and every other one in the dock. */
export const isCustomer = (phone) => lines().length > 0 && CUSTOMERS.some((each) => each.number === phone.number);

/** Whose phone it is, or its number. */
export const callName = (phone) => phone.name || NAMES.get(phone.number) || number(phone.number);

/** What somebody is called who took an incident: `+12025550111 (by phone)` by the name of whose phone it is. */
export const takerName = (by) => by?.replace(/^\+\d{7,15}/, (raw) => callName(state.phones.find((phone) => phone.number === raw) ?? { number: raw }));

/** The phone with this number, which may not have been used yet. */
export function phoneOf(one) {
  const known = state.phones.find((phone) => phone.number === one.number);
  return { texts: [], call: null, calls: [], ...known, ...one };
}
