// The internals: the wire log, the facts and the functions. One of them is open at a time; `/#wire` also opens one.

import { $ } from "./dom.js";

const LIDS = ["wire", "facts", "functions"];

function open(name) {
  for (const each of LIDS) {
    $(each).hidden = each !== name;
    $(`${each}-lid`).setAttribute("aria-expanded", String(each === name));
  }
}

for (const name of LIDS) $(`${name}-lid`).addEventListener("click", () => open($(name).hidden ? name : null));

/** Opens the part that the hash of an address names, and scrolls to it. */
export function readHoodAddress(hash) {
  const name = hash.slice(1);
  if (!LIDS.includes(name)) return;
  open(name);
  $(name).scrollIntoView({ block: "nearest", behavior: "auto" });
  $(name).focus({ preventScroll: true });
}
