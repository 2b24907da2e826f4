// Who there is, who is on call, and where alerts come in.

import { state } from "./state.js";

/** Where alerts come in: each with its name, label, and as far as it has them the address of its mails and the path of its form. */
export const sources = () => state.sources ?? [];

export const rotas = () => state.rotas ?? [];

const people = () => state.people ?? [];

/** What people call somebody; an id that nobody has is shown as it is. */
export const personName = (id) => people().find((person) => person.id === id)?.name ?? id;

/** What people call a rota. */
export const rotaLabel = (name) => rotas().find((rota) => rota.name === name)?.label ?? name;

/** The place of a person in the roster, by which their colour is chosen. */
export const personPlace = (id) => people().findIndex((person) => person.id === id);

/** The rotas in which the owner of this phone is on call now, in the order in which plans use them. */
export function shiftsOf(phone) {
  const ids = people().filter((person) => person.phones.includes(phone.number)).map((person) => person.id);
  return rotas().filter((rota) => ids.includes(rota.now));
}

/** Phones of those on call first, in the order in which they are called; the others as they were. */
export function byShift(phones) {
  const rank = (phone) => {
    const [first] = shiftsOf(phone);
    return first ? rotas().indexOf(first) : rotas().length;
  };
  return phones.map((phone, place) => ({ phone, place, rank: rank(phone) })).sort((one, other) => one.rank - other.rank || one.place - other.place).map(({ phone }) => phone);
}
