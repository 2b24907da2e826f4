// The people, who is on call, and the sources of alerts.

import { state } from "./state.js";

/** The sources of alerts, each with its name, label and, if it has them, its mail address and the path of its form. */
export const sources = () => state.sources ?? [];

export const rotas = () => state.rotas ?? [];

const people = () => state.people ?? [];

/** The name of a person; an unknown id is shown unchanged. */
export const personName = (id) => people().find((person) => person.id === id)?.name ?? id;

/** The label of a rota. */
export const rotaLabel = (name) => rotas().find((rota) => rota.name === name)?.label ?? name;

/** The position of a person in the roster, which determines the colour. */
export const personPlace = (id) => people().findIndex((person) => person.id === id);

/** The rotas in which the owner of this phone is on call now, in the order in which plans use them. */
export function shiftsOf(phone) {
  const ids = people().filter((person) => person.phones.includes(phone.number)).map((person) => person.id);
  return rotas().filter((rota) => ids.includes(rota.now));
}

/** The phones of the people on call first, in the order in which plans use their rotas; the others in their order. */
export function byShift(phones) {
  const rank = (phone) => {
    const [first] = shiftsOf(phone);
    return first ? rotas().indexOf(first) : rotas().length;
  };
  return phones.map((phone, place) => ({ phone, place, rank: rank(phone) })).sort((one, other) => one.rank - other.rank || one.place - other.place).map(({ phone }) => phone);
}
