// The page of the local runner. It shows what the server says and never keeps a truth of its own.

import { makeBell, updateBell } from "./bells.js";
import { showCustomers } from "./customers.js";
import { $, el, inWords, keyed, when } from "./dom.js";
import { showDuty, tellDutyTime } from "./duty.js";
import { showFloor, tellFloorTime } from "./floor.js";
import { showJourney } from "./journey.js";
import { lines } from "./lines.js";
import { showMail } from "./mail.js";
import { showNext } from "./next.js";
import { showPhones } from "./phones.js";
import { sources } from "./roster.js";
import { showSpaces } from "./spaces.js";
import { learn, state, systemTime } from "./state.js";
import { showToken } from "./token.js";
import { showTroubles } from "./troubles.js";
import { hearWire, knowWire } from "./wire.js";

function show(fresh) {
  learn(fresh);
  if (Array.isArray(fresh.wire)) knowWire(fresh.wire);
  // Whoever has only zones, lines or sources needs no place for buttons.
  $("buttons").hidden = !state.buttons.length && (state.zones.length > 0 || lines().length > 0 || sources().length > 0);
  keyed($("bells"), state.buttons, (button) => button.url, makeBell, updateBell);
  $("buttons-title").textContent = state.buttons.length > 1 ? "Press a button" : "Press";
  showSpaces(state.spaces);
  showToken();
  showPhones(state.phones);
  showCustomers();
  showDuty();
  showJourney();
  showMail();
  showTroubles();
  showFloor();
  keyed($("fact-list"), [...(state.facts ?? [])].reverse().map((fact, at, all) => ({ ...fact, key: `${all.length - at}` })), (fact) => `${fact.key} ${fact.at} ${fact.kind}`, (fact) => {
    return el("li", {}, when(fact.at), el("code", {}, fact.kind), el("span", { class: "dim" }, inWords(fact.detail)));
  });
  $("fact-list").dataset.empty = "Silence.";
  const ahead = Math.round((state.ahead_seconds ?? 0) / 60);
  $("ahead").hidden = !ahead;
  $("ahead").textContent = `${ahead} min ahead`;
  showNext();
  tellTime();
}

function tellTime() {
  const now = systemTime();
  if (!now) return;
  $("clock").textContent = now.toLocaleTimeString("en-GB");
  $("clock").dateTime = now.toISOString();
  tellFloorTime(now);
  tellDutyTime(now);
}

let source = null;
let waits = 0;
let retry = null;

function linked(kind) {
  $("link").dataset.state = kind;
  $("link").textContent = { live: "live", wait: "connecting", lost: "not live" }[kind];
  document.body.classList.toggle("is-lost", kind === "lost");
  $("lost").hidden = kind !== "lost";
  const text = kind === "lost" ? "Connection lost. What you see may be old; trying again…" : "";
  if ($("lost").textContent !== text) $("lost").textContent = text;
}

function connect() {
  clearTimeout(retry);
  source?.close();
  source = new EventSource("/page/events");
  source.addEventListener("state", (event) => {
    waits = 0;
    linked("live");
    show(JSON.parse(event.data));
  });
  source.addEventListener("wire", (event) => hearWire(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    linked("lost");
    source.close();
    // 1, 2, 4, 5, 5 … seconds.
    clearTimeout(retry);
    retry = setTimeout(connect, Math.min(5000, 1000 * 2 ** waits));
    waits += 1;
  });
}

addEventListener("online", connect);
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => event.persisted && connect());
setInterval(tellTime, 1000);
connect();
