// The scenes: one for each kind of signal, each with an address of its own, such as `/#duty`.

import { $, toEnds } from "./dom.js";
import { lines } from "./lines.js";
import { rotas, sources } from "./roster.js";
import { state } from "./state.js";

/** The subject of each scene, and whether the configuration supports it. */
const SCENES = {
  button: {
    title: "Button",
    about: "One press brings people into a Webex space. Each further press takes one step more: a text, then a phone that rings.",
    // If there is nothing else to try, this scene says what is missing.
    has: () => state.buttons.length > 0 || !["duty", "floor", "customers"].some((name) => SCENES[name].has()),
  },
  duty: {
    title: "Duty",
    about: "A monitoring system’s mail wakes the person on call, then the next person, until somebody says “I have it”.",
    has: () => sources().length > 0 || rotas().length > 0,
  },
  floor: {
    title: "Floor",
    about: "The devices on a floor are counted every minute. When a zone fills up, staff is called before the queue is long.",
    has: () => state.zones.length > 0,
  },
  customers: {
    title: "Customers",
    about: "A customer’s text or call becomes a Webex space. What the team writes there goes out as a text.",
    has: () => lines().length > 0,
  },
};

const links = [...document.querySelectorAll(".scenes a")];
let chosen = null; // the scene of the address; null while it names none
let shown = null;
let whenChanged = () => {};

/** The current scene; null before the first state. */
export const scene = () => shown;

/** Called when another scene is shown. */
export const whenSceneChanges = (call) => (whenChanged = call);

const available = () => Object.keys(SCENES).filter((name) => SCENES[name].has());

/** The available scenes, and the one that the address names, or else the first. */
export function showScenes() {
  const names = available();
  for (const link of links) {
    link.hidden = !names.includes(link.dataset.scene);
  }
  const next = names.includes(chosen) ? chosen : names.includes(shown) ? shown : names[0];
  if (next === shown) return;
  shown = next;
  $("main").dataset.scene = shown;
  for (const node of document.querySelectorAll(".scene")) node.hidden = node.dataset.scene !== shown;
  for (const link of links) {
    if (link.dataset.scene === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("about").textContent = SCENES[shown].about;
  document.title = `${SCENES[shown].title} · Handbell on this laptop`;
  scrollTo(0, 0);
  whenChanged();
  // A hidden part keeps no scroll position.
  toEnds(document.querySelector(".scene:not([hidden])"));
}

/** Reads the hash of an address. Returns true if it names a scene. */
export function readAddress(hash) {
  const name = hash.slice(1);
  if (!Object.hasOwn(SCENES, name)) return false;
  chosen = name;
  return true;
}

$("skip").addEventListener("click", (event) => {
  // The address remains that of the scene.
  event.preventDefault();
  const first = document.querySelector(".scene:not([hidden]) .panel:not([hidden])") ?? $("main");
  first.focus();
});
