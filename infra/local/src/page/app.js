// The page of the local runner. It shows what the server says and never keeps a truth of its own.

let state = { buttons: [], spaces: [], phones: [], troubles: [], facts: [], functions: [] };
let arrived = 0; // when the state came, on this machine's steady clock

function show(fresh) {
  state = { ...state, ...fresh };
  arrived = performance.now();
  if (Array.isArray(fresh.wire)) {
    wire = fresh.wire.slice(-KEPT);
    showWire();
  }
  delete state.wire;
  keyed($("bells"), state.buttons, (button) => button.url, makeBell, updateBell);
  $("buttons-title").textContent = state.buttons.length > 1 ? "Press a button" : "Press";
  showSpaces(state.spaces);
  showPhones(state.phones);
  showTroubles();
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
  if (!state.now) return;
  const now = new Date(new Date(state.now).getTime() + performance.now() - arrived);
  $("clock").textContent = now.toLocaleTimeString("en-GB");
  $("clock").dateTime = now.toISOString();
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
  source.addEventListener("wire", (event) => {
    const entry = JSON.parse(event.data);
    if (wire.some((known) => known.number === entry.number)) return;
    wire.push(entry);
    wire = wire.slice(-KEPT);
    showWireSoon();
  });
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
