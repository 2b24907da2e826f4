// The page of the local runner. It shows what the server says and never keeps a truth of its own.
// Everything that people wrote is put on the page as text nodes; nothing is ever parsed as HTML.

const $ = (id) => document.getElementById(id);

/** An element. Attributes as given; `on…` are listeners; children are nodes or text. */
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Brings the children of `parent` in line with `items`, leaving alone what has not changed. */
function keyed(parent, items, keyOf, make, update) {
  const keys = new Set(items.map((item) => String(keyOf(item))));
  for (const child of [...parent.children]) if (!keys.has(child.dataset.key)) child.remove();
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let after = null;
  for (const item of items) {
    const key = String(keyOf(item));
    const now = JSON.stringify(item);
    let node = old.get(key);
    if (node && node.seen !== now) {
      if (update) update(node, item);
      else {
        const fresh = make(item);
        const focused = node.contains(document.activeElement);
        node.replaceWith(fresh);
        if (focused) fresh.querySelector("button, a, input, summary")?.focus();
        node = fresh;
      }
    } else if (!node) {
      node = make(item);
      if (update) update(node, item);
    }
    node.dataset.key = key;
    node.seen = now;
    const place = after ? after.nextElementSibling : parent.firstElementChild;
    if (place !== node) parent.insertBefore(node, place);
    after = node;
  }
}

const clockTime = (at) => {
  const date = new Date(at);
  return at && !Number.isNaN(date.getTime()) ? date.toLocaleTimeString("en-GB") : "";
};
const when = (at) => (at ? el("time", { datetime: at, title: at }, clockTime(at)) : null);

/** "+12025550111" as people read it. */
const number = (raw) => {
  const us = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(raw ?? "");
  return us ? `+1 ${us[1]} ${us[2]} ${us[3]}` : (raw ?? "");
};

const size = (bytes) => {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
};

const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** What a fact says: `{"incident": "H-1JV6", "step": 3, "detail": {"by": "Dana"}}` as "H-1JV6, step 3, by Dana". */
function inWords(fact) {
  if (fact === null || fact === undefined) return "";
  if (typeof fact !== "object") return String(fact);
  // Where and when stand beside it; the id is for machines.
  const { incident, detail, at, id, epoch, subject, ...rest } = fact;
  const inside = detail !== null && typeof detail === "object" ? detail : { detail };
  const parts = Object.entries({ ...rest, ...inside }).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const said = parts.map(([key, value]) => `${key.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  return [incident, ...said].filter(Boolean).join(", ");
}

/** An address of this very server as a path, so that `localhost` and `127.0.0.1` are the same place. */
function here(address) {
  try {
    const url = new URL(address, location.href);
    if (!/^https?:$/.test(url.protocol)) return null;
    const loopback = /^(127\.|localhost$|\[::1\]$)/;
    const same = loopback.test(url.hostname) && loopback.test(location.hostname) && url.port === location.port;
    return same || url.origin === location.origin ? url.pathname + url.search : url.href;
  } catch {
    return null;
  }
}

// ---------------------------------------------------------------------------------------------- asking the server

async function ask(method, path, { json, headers = {}, quiet = false } = {}) {
  try {
    const answer = await fetch(path, {
      method,
      headers: json === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: json === undefined ? undefined : JSON.stringify(json),
    });
    const text = (await answer.text()).trim();
    if (!answer.ok && !quiet) say(`${method} ${path} was refused: ${answer.status} ${brief(text)}`, "bad");
    return { ok: answer.ok, status: answer.status, text };
  } catch {
    if (!quiet) say("The runner does not answer. Is it still running?", "bad");
    return { ok: false, status: 0, text: "no answer" };
  }
}

const brief = (text) => (text.length > 160 ? `${text.slice(0, 160)}…` : text);

function say(text, tone = "") {
  $("said").textContent = text;
  $("said").dataset.tone = tone;
}

/** A name for one press, so that it is counted once however often it is sent. */
function pressId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

// ---------------------------------------------------------------------------------------------- markdown

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", nbsp: "\u00a0" };
const INLINE = new RegExp(
  [
    /\\([!-/:-@[-`{-~])/, // 1 an escaped sign
    /(`+)([\s\S]*?[^`])\2(?!`)/, // 2, 3 code
    /<@(personEmail|personId):([^|>]*)(?:\|([^>]*))?>/, // 4, 5, 6 a mention
    /<@all(?:\|([^>]*))?>/, // 7 everybody
    /!?\[((?:\\.|[^\]\\])*)\]\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?(?:\s+"[^"]*")?\s*\)/, // 8, 9 a link
    /<((?:https?:\/\/|mailto:|tel:)[^\s<>]+)>/, // 10 an address in brackets
    /(https?:\/\/[^\s<>"')\]*`]*[^\s<>"')\]*`.,;:!?])/, // 11 a bare address
    /(\*\*|__)(?=\S)([\s\S]*?\S)\12(?!\*)/, // 12, 13 bold
    /(~~)(?=\S)([\s\S]*?\S)~~/, // 14, 15 struck
    /\*(?=[^\s*])([^*]*[^\s*])\*/, // 16 italic
    /(?<![\p{L}\p{N}_])_(?=[^\s_])([^_]*[^\s_])_(?![\p{L}\p{N}_])/, // 17 italic
    /&(?:(lt|gt|amp|quot|apos|nbsp)|#(\d{1,6})|#[xX]([0-9a-fA-F]{1,5}));/, // 18, 19, 20 an entity
    /<br\s*\/?>|\\\n| *\n/, // a new line
  ]
    .map((part) => part.source)
    .join("|"),
  "gu",
);

/** A link to a kind of address that can do no harm; anything else is only its words. */
function link(address, ...label) {
  const safe = /^(https?|tel|mailto):/i.test(address);
  return safe ? el("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, ...label) : el("span", {}, ...label);
}

/** The nodes of one run of text. */
function inline(text, depth = 0) {
  const nodes = [];
  if (depth > 8) return [text];
  let last = 0;
  for (const hit of text.matchAll(INLINE)) {
    if (hit.index > last) nodes.push(text.slice(last, hit.index));
    last = hit.index + hit[0].length;
    const deeper = (part) => inline(part, depth + 1);
    if (hit[1] !== undefined) nodes.push(hit[1]);
    else if (hit[2] !== undefined) nodes.push(el("code", {}, hit[3].replace(/^ (.*) $/s, "$1")));
    else if (hit[4] !== undefined) nodes.push(el("span", { class: "mention", title: hit[5] }, plain(hit[6] || hit[5])));
    else if (hit[0].startsWith("<@all")) nodes.push(el("span", { class: "mention" }, plain(hit[7] || "All")));
    else if (hit[9] !== undefined) nodes.push(link(hit[9], ...deeper(hit[8] || hit[9])));
    else if (hit[10] !== undefined) nodes.push(link(hit[10], hit[10].replace(/^(mailto|tel):/, "")));
    else if (hit[11] !== undefined) nodes.push(link(hit[11], hit[11]));
    else if (hit[12] !== undefined) nodes.push(el("strong", {}, deeper(hit[13])));
    else if (hit[14] !== undefined) nodes.push(el("s", {}, deeper(hit[15])));
    else if (hit[16] !== undefined) nodes.push(el("em", {}, deeper(hit[16])));
    else if (hit[17] !== undefined) nodes.push(el("em", {}, deeper(hit[17])));
    else if (hit[18] !== undefined) nodes.push(ENTITIES[hit[18]]);
    else if (hit[19] !== undefined) nodes.push(sign(parseInt(hit[19], 10)));
    else if (hit[20] !== undefined) nodes.push(sign(parseInt(hit[20], 16)));
    else nodes.push(el("br"));
  }
  if (last < text.length) nodes.push(text.slice(last));
  return nodes;
}

const sign = (code) => (code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : "\ufffd");
const plain = (text) => text.replace(/\\([!-/:-@[-`{-~])/g, "$1");

const ITEM = /^( *)([-*+]|\d{1,9}[.)])\s+(.*)$/;

/** Markdown as Webex shows it, as nodes. */
function markdown(text, depth = 0) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const out = document.createDocumentFragment();
  let at = 0;
  const starts = (line) => /^ {0,3}(#{1,6}\s|>|```|~~~|([-*_] *){3,}$)/.test(line) || ITEM.test(line);
  while (at < lines.length) {
    const line = lines[at];
    if (!line.trim()) {
      at += 1;
      continue;
    }
    const fence = /^ {0,3}(```+|~~~+)/.exec(line);
    if (fence) {
      const body = [];
      for (at += 1; at < lines.length && !lines[at].trim().startsWith(fence[1]); at += 1) body.push(lines[at]);
      at += 1;
      out.append(el("pre", { tabindex: "0" }, el("code", {}, body.join("\n"))));
      continue;
    }
    const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line);
    if (heading) {
      // Under the page's own headings, whatever the message says.
      out.append(el("div", { class: `h h${heading[1].length}`, role: "heading", "aria-level": Math.min(6, heading[1].length + 3) }, inline(heading[2])));
      at += 1;
      continue;
    }
    if (/^ {0,3}>/.test(line) && depth < 8) {
      const body = [];
      for (; at < lines.length && /^ {0,3}>/.test(lines[at]); at += 1) body.push(lines[at].replace(/^ {0,3}> ?/, ""));
      out.append(el("blockquote", {}, markdown(body.join("\n"), depth + 1)));
      continue;
    }
    if (/^ {0,3}([-*_])( *\1){2,} *$/.test(line)) {
      out.append(el("hr"));
      at += 1;
      continue;
    }
    const item = ITEM.exec(line);
    if (item && depth < 8) {
      const ordered = /\d/.test(item[2]);
      const list = el(ordered ? "ol" : "ul", ordered && parseInt(item[2], 10) !== 1 ? { start: parseInt(item[2], 10) } : {});
      while (at < lines.length) {
        const next = ITEM.exec(lines[at]);
        if (!next || next[1].length > item[1].length + 1 || /\d/.test(next[2]) !== ordered) break;
        const body = [next[3]];
        const deep = next[1].length + 2;
        for (at += 1; at < lines.length && lines[at].startsWith(" ".repeat(deep)) && lines[at].trim(); at += 1) body.push(lines[at].slice(deep));
        list.append(el("li", {}, body.length === 1 ? inline(body[0]) : markdown(body.join("\n"), depth + 1)));
      }
      if (list.childElementCount) {
        out.append(list);
        continue;
      }
    }
    const body = [line];
    for (at += 1; at < lines.length && lines[at].trim() && !starts(lines[at]); at += 1) body.push(lines[at]);
    out.append(el("p", {}, inline(body.join("\n").trim())));
  }
  return out;
}

/** Text as it was written, with its lines. */
const lined = (text) => text.split("\n").flatMap((line, at) => (at ? [el("br"), line] : [line]));

// ---------------------------------------------------------------------------------------------- the buttons

const answers = new Map(); // what a button was told last, by its url
let lastPressed = null;

async function press(button, node) {
  lastPressed = button.url;
  const told = (text, tone) => {
    answers.set(button.url, { text, tone });
    const out = node.querySelector("output");
    out.textContent = text;
    out.dataset.tone = tone;
  };
  told("…", "");
  const answer = await ask("POST", here(button.url), { headers: { "Idempotency-Key": pressId() }, quiet: true });
  if (answer.ok) told(answer.text, "good");
  else if (answer.status) told(`not stored: ${answer.status} ${brief(answer.text)}`, "bad");
  else told("not stored: no answer", "bad");
}

const STATES = { open: "calling for help", acknowledged: "somebody has it", resolved: "resolved", cancelled: "cancelled", idle: "quiet" };

function makeBell(button) {
  const node = el(
    "div",
    { class: "bell" },
    el(
      "button",
      {
        type: "button",
        class: "press",
        onclick: () => press(node.button, node),
        // A key held down is one press.
        onkeydown: (event) => event.repeat && event.preventDefault(),
      },
      el("span", { class: "label" }),
      el("span", { class: "plan" }),
    ),
    el("output", { "aria-live": "polite" }),
    el("p", { class: "state" }),
  );
  node.button = button;
  return node;
}

function updateBell(node, button) {
  node.button = button;
  node.dataset.state = button.state;
  node.querySelector(".label").textContent = button.label || button.name;
  node.querySelector(".plan").textContent = `plan ${button.plan}`;
  const who = button.state === "acknowledged" && button.by ? `${button.by} has it` : (STATES[button.state] ?? button.state);
  node.querySelector(".state").textContent = button.count ? `${who} · pressed ${many(button.count, "time")}` : "not pressed yet";
  // What this page was told is old once somebody else has pressed, or the runner began anew.
  const told = /^OK (\d+)$/.exec(answers.get(button.url)?.text ?? "");
  if (told && (button.count === 0 || button.count > Number(told[1]))) {
    answers.delete(button.url);
    node.querySelector("output").textContent = "";
  }
}

// ---------------------------------------------------------------------------------------------- the spaces

let chosen = null; // the id of the space that is shown
const read = new Map(); // how many messages of a space have been seen

function showSpaces(spaces) {
  const tabs = $("tabs");
  const holder = $("space");
  if (!spaces.some((space) => space.id === chosen)) chosen = spaces[0]?.id ?? null;
  tabs.hidden = spaces.length < 2;
  const space = spaces.find((each) => each.id === chosen);
  if (space) read.set(space.id, space.messages.length);
  keyed(
    tabs,
    spaces.map(({ id, title, messages }) => ({ id, title, fresh: Math.max(0, messages.length - (read.get(id) ?? 0)), on: id === chosen })),
    (tab) => tab.id,
    (tab) => el("button", { type: "button", role: "tab", id: `tab-${tab.id}`, "aria-controls": "space", onclick: () => choose(tab.id), onkeydown: walkTabs }),
    (node, tab) => {
      node.setAttribute("aria-selected", String(tab.on));
      node.tabIndex = tab.on ? 0 : -1;
      node.replaceChildren(tab.title, ...(tab.fresh ? [" ", el("span", { class: "fresh", "aria-label": `${tab.fresh} new` }, String(tab.fresh))] : []));
    },
  );
  if (spaces.length > 1) {
    holder.setAttribute("role", "tabpanel");
    holder.setAttribute("aria-labelledby", `tab-${chosen}`);
  } else {
    holder.removeAttribute("role");
    holder.removeAttribute("aria-labelledby");
  }
  if (!space) {
    holder.replaceChildren(el("div", { class: "empty" }, el("p", {}, "No space yet."), el("p", { class: "dim" }, "The first press makes one and brings the people into it.")));
    return;
  }
  if (holder.dataset.space !== space.id || !holder.querySelector(".messages")) {
    holder.dataset.space = space.id;
    holder.replaceChildren(
      el("h3", { class: "title" }),
      el("ul", { class: "plain people", "aria-label": "People in this space" }),
      el("ol", { class: "plain messages scroll", tabindex: "0", "aria-label": "Messages" }),
    );
  }
  holder.querySelector(".title").textContent = space.title;
  holder.querySelector(".title").classList.toggle("sr", spaces.length > 1);
  keyed(
    holder.querySelector(".people"),
    space.people,
    (person) => person.email,
    (person) =>
      el(
        "li",
        { title: person.email, class: person.moderator ? "moderator" : "" },
        avatar(person.email, person.name),
        person.name || person.email,
        person.moderator && el("span", { class: "role" }, "moderator"),
      ),
  );
  const list = holder.querySelector(".messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60 || !list.childElementCount;
  keyed(list, threads(space.messages), (message) => message.id, (message) => messageNode(message, space));
  if (!space.messages.length) list.dataset.empty = "Nobody has said anything yet.";
  else delete list.dataset.empty;
  if (atEnd) {
    list.scrollTop = list.scrollHeight;
    for (const picture of list.querySelectorAll("img")) {
      if (!picture.complete) picture.addEventListener("load", () => (list.scrollTop = list.scrollHeight), { once: true });
    }
  }
}

function choose(id) {
  chosen = id;
  showSpaces(state.spaces);
}

function walkTabs(event) {
  const tabs = [...$("tabs").children];
  const at = tabs.indexOf(event.currentTarget);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tab = tabs[(to + tabs.length) % tabs.length];
  choose(tab.dataset.key);
  tab.focus();
}

/** Answers stand below what they answer. */
function threads(messages) {
  const known = new Set(messages.map((message) => message.id));
  const below = new Map();
  for (const message of messages) {
    if (!known.has(message.parentId)) continue;
    below.set(message.parentId, [...(below.get(message.parentId) ?? []), message]);
  }
  const withBelow = (message) => [message, ...(below.get(message.id) ?? []).map((reply) => ({ ...reply, reply: true }))];
  return messages.filter((message) => !known.has(message.parentId)).flatMap(withBelow);
}

function avatar(email, name) {
  const words = (name || email || "?").replace(/@.*/, "").split(/[\s._-]+/).filter(Boolean);
  const initials = words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
  const sum = [...(email ?? "")].reduce((total, letter) => (total * 31 + letter.codePointAt(0)) % 997, 7);
  return el("span", { class: `avatar c${sum % 6}`, "aria-hidden": "true" }, initials);
}

function messageNode(message, space) {
  const body = el("div", { class: "body" });
  if (message.card) body.append(cardNode(message, space));
  else if (message.markdown) body.append(markdown(message.markdown));
  else if (message.text) body.append(el("p", {}, lined(message.text)));
  for (const file of message.files ?? []) body.append(fileNode(file));
  return el(
    "li",
    { class: message.reply ? "message reply" : "message" },
    avatar(message.author, message.authorName),
    el(
      "div",
      { class: "said-by" },
      el("span", { class: "who", title: message.author }, message.authorName || message.author),
      when(message.created),
      message.edited && el("span", { class: "edited", title: typeof message.edited === "string" ? `edited ${clockTime(message.edited)}` : null }, "edited"),
    ),
    body,
  );
}

function fileNode(file) {
  const url = here(file.url);
  const facts = [file.type, size(file.size)].filter(Boolean).join(" · ");
  const name = file.name || "file";
  if (/^image\/(png|jpeg|gif|webp|avif|svg\+xml)/.test(file.type ?? "") && url) {
    return el(
      "figure",
      { class: "picture" },
      el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, el("img", { src: url, alt: `Picture: ${name}`, loading: "lazy" })),
      el("figcaption", {}, name, " ", el("span", { class: "dim" }, facts), " ", el("a", { href: url, download: name, "aria-label": `Download ${name}` }, "download")),
    );
  }
  const kind = (/\.([a-z0-9]{1,4})$/i.exec(name)?.[1] ?? "file").toUpperCase();
  return el(
    "div",
    { class: "file" },
    el("span", { class: "kind", "aria-hidden": "true" }, kind),
    el("span", { class: "name" }, name, el("span", { class: "dim" }, facts)),
    url && el("a", { href: url, download: name, "aria-label": `Download ${name}` }, "download"),
  );
}

// ---------------------------------------------------------------------------------------------- cards

function cardNode(message, space) {
  const content = message.card.content ?? message.card;
  const answer = el("p", { class: "dim", role: "status" });
  const as = el(
    "select",
    {},
    space.people.map((person) => el("option", { value: person.email }, person.name || person.email)),
  );
  const fields = new Map();
  const submit = async (action) => {
    const inputs = { ...(action.data ?? {}) };
    for (const [id, value] of fields) inputs[id] = value();
    const headers = { Authorization: `Bearer person:${as.value}` };
    answer.textContent = "…";
    const json = { type: "submit", messageId: message.id, inputs };
    const told = await ask("POST", "/sim/webex/v1/attachment/actions", { json, headers, quiet: true });
    answer.textContent = told.ok ? `${as.selectedOptions[0]?.textContent} chose “${action.title}”.` : `Refused: ${told.status} ${brief(told.text)}`;
  };
  const part = (item) => {
    const inside = (items) => (items ?? []).map(part).filter(Boolean);
    switch (item?.type) {
      case "TextBlock": {
        const strong = item.weight === "Bolder" || item.weight === "bolder";
        const large = /large/i.test(item.size ?? "") || item.style === "heading";
        return el("div", { class: ["text", strong && "strong", large && "large", item.isSubtle && "dim"].filter(Boolean).join(" ") }, markdown(String(item.text ?? "")));
      }
      case "RichTextBlock":
        return el("p", {}, (item.inlines ?? []).map((each) => (typeof each === "string" ? each : String(each.text ?? ""))));
      case "FactSet":
        return el("dl", {}, (item.facts ?? []).map((fact) => el("div", {}, el("dt", {}, String(fact.title ?? "")), el("dd", {}, inline(String(fact.value ?? ""))))));
      case "Image": {
        const url = here(item.url);
        return url && url.startsWith("/") ? el("img", { src: url, alt: item.altText ?? "", loading: "lazy" }) : el("p", { class: "dim" }, `Picture: ${item.altText || item.url}`);
      }
      case "Container":
      case "Column":
        return el("div", {}, inside(item.items));
      case "ColumnSet":
        return el("div", { class: "columns" }, inside(item.columns));
      case "ActionSet":
        return actions(item.actions);
      case "Input.Text": {
        const input = el(item.isMultiline ? "textarea" : "input", { placeholder: item.placeholder });
        input.value = item.value ?? "";
        fields.set(item.id, () => input.value);
        return el("label", {}, item.label ?? item.placeholder ?? item.id, input);
      }
      case "Input.Toggle": {
        const input = el("input", { type: "checkbox" });
        input.checked = item.value === (item.valueOn ?? "true");
        fields.set(item.id, () => (input.checked ? (item.valueOn ?? "true") : (item.valueOff ?? "false")));
        return el("label", { class: "toggle" }, input, item.title ?? item.id);
      }
      case "Input.ChoiceSet": {
        const input = el("select", {}, (item.choices ?? []).map((choice) => el("option", { value: choice.value }, choice.title)));
        if (item.value) input.value = item.value;
        fields.set(item.id, () => input.value);
        return el("label", {}, item.label ?? item.placeholder ?? item.id, input);
      }
      default:
        return null;
    }
  };
  const actions = (list) => {
    const known = (list ?? []).map((action) => {
      if (action.type === "Action.Submit") return el("button", { type: "button", onclick: () => submit(action) }, action.title ?? "Submit");
      if (action.type === "Action.OpenUrl") return link(String(action.url), action.title ?? action.url);
      return null;
    });
    return known.some(Boolean) ? el("div", { class: "actions" }, known) : null;
  };
  const body = (content.body ?? []).map(part).filter(Boolean);
  const buttons = actions(content.actions);
  const acts = JSON.stringify(content).includes('"Action.Submit"');
  return el("div", { class: "card", role: "group", "aria-label": "Card" }, body, buttons, acts && el("label", { class: "as" }, "as ", as), acts && answer);
}

// ---------------------------------------------------------------------------------------------- the phones

/** Twilio's error codes in words. */
const REASONS = {
  21211: "not a phone number", 21408: "texts to this country are not allowed", 21610: "this person has said STOP", 21612: "cannot be reached from our number",
  21614: "not a mobile number", 30003: "the phone is off or out of reach", 30004: "blocked by the network or the person", 30005: "this number does not exist",
  30006: "a landline, or a network that takes no texts", 30007: "filtered as spam by the network", 30008: "the network gave no reason", 30034: "sender not registered",
};
const MARKS = { accepted: "◌", queued: "◌", sending: "◌", sent: "✓", delivered: "✓✓", read: "✓✓", received: "", undelivered: "✕", failed: "✕" };
const CALLS = { queued: "is placed", initiated: "is placed", ringing: "rings", "in-progress": "on the line", completed: "ended", busy: "busy", "no-answer": "not answered", failed: "failed", canceled: "taken back" };
const rings = (call) => Boolean(call) && ["queued", "initiated", "ringing"].includes(call.status);
const talks = (call) => call?.status === "in-progress";

const answeredHere = new Set(); // calls that were answered on this page, and so may be spoken here
const spoken = new Map(); // how many sentences of a call have been spoken

function speak(call) {
  if (!("speechSynthesis" in window) || !answeredHere.has(call.sid) || !$("aloud").checked) return;
  const done = spoken.get(call.sid) ?? 0;
  for (const sentence of call.heard.slice(done)) speechSynthesis.speak(new SpeechSynthesisUtterance(sentence));
  spoken.set(call.sid, call.heard.length);
}

function hush(call) {
  if ("speechSynthesis" in window && call && answeredHere.has(call.sid)) speechSynthesis.cancel();
}

const phonePath = (phone, act) => `/sim/phones/${encodeURIComponent(phone.number)}/${act}`;

/** The number of ours that this phone has to do with. */
function ours(phone) {
  const last = [...phone.texts].reverse().find((text) => text.from && text.from !== phone.number)?.from;
  const any = () => state.phones.flatMap((each) => each.texts).find((text) => text.direction !== "inbound")?.from;
  return last ?? phone.call?.from ?? phone.calls?.at(-1)?.from ?? any() ?? "+12025550100";
}

function makePhone(phone) {
  const to = el("input", { type: "tel", value: ours(phone), "aria-label": "To", autocomplete: "off" });
  const body = el("input", { type: "text", placeholder: "Type a text", "aria-label": `Text from ${phone.name || number(phone.number)}`, autocomplete: "off" });
  const form = el("form", { class: "type" }, body, el("span", { class: "dim", "aria-hidden": "true" }, "to"), to, el("button", { type: "submit" }, "Send"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!body.value.trim()) return body.focus();
    const told = await ask("POST", phonePath(phone, "text"), { json: { to: to.value.trim(), body: body.value } });
    if (told.ok) body.value = "";
  });
  return el(
    "article",
    { class: "phone", tabindex: "-1" },
    el("h3", {}, el("span", { class: "name" }), el("span", { class: "number" })),
    el("div", { class: "call", hidden: true }),
    el("ol", { class: "plain log", "aria-label": "Texts and calls" }),
    form,
  );
}

function updatePhone(node, phone) {
  node.setAttribute("aria-label", `Phone of ${phone.name || number(phone.number)}`);
  node.querySelector(".name").textContent = phone.name || number(phone.number);
  node.querySelector(".number").textContent = phone.name ? number(phone.number) : "";
  node.classList.toggle("rings", rings(phone.call));
  node.classList.toggle("talks", talks(phone.call));
  updateCall(node.querySelector(".call"), phone);
  const past = (phone.calls ?? []).filter((call) => call.sid !== phone.call?.sid).map((call) => ({ ...call, isCall: true }));
  const log = [...phone.texts, ...past];
  if (log.every((entry) => entry.at)) log.sort((one, other) => new Date(one.at) - new Date(other.at));
  keyed(node.querySelector(".log"), log, (entry) => entry.sid, (entry) => (entry.isCall ? pastCall(entry) : textNode(entry)));
}

let shownCall = null; // what was brought into sight of a call

function showPhones(phones) {
  const list = $("phone-list");
  keyed(list, phones, (phone) => phone.number, makePhone, updatePhone);
  list.dataset.empty = "Nobody in the plan has a phone.";
  const busy = phones.find((phone) => rings(phone.call)) ?? phones.find((phone) => talks(phone.call));
  const sight = busy ? `${busy.call.sid} ${busy.call.status} ${busy.call.heard?.length}` : null;
  if (!busy || sight === shownCall) return;
  shownCall = sight;
  const node = [...list.children].find((each) => each.dataset.key === busy.number);
  // Only this panel is moved, never the page below somebody's hands.
  list.scrollTop += node.getBoundingClientRect().top - list.getBoundingClientRect().top - 6;
}

function textNode(text) {
  const mine = text.direction === "inbound";
  const code = text.error_code;
  const reason = code ? ` · ${REASONS[code] ?? "error"} (${code})` : "";
  return el(
    "li",
    { class: mine ? "text mine" : "text", "data-status": text.status },
    el("p", { class: "bubble" }, lined(text.body ?? "")),
    el("p", { class: "fate" }, mine ? `to ${number(text.to)} ` : "", when(text.at), " ", el("span", { class: "mark" }, `${MARKS[text.status] ?? ""} ${text.status ?? ""}${reason}`)),
  );
}

function pastCall(call) {
  const heard = call.heard ?? [];
  return el(
    "li",
    { class: "past", "data-status": call.status },
    el("p", {}, `Call ${call.from ? `from ${number(call.from)} ` : ""}`, when(call.at), " ", el("span", { class: "mark" }, CALLS[call.status] ?? call.status)),
    heard.length ? el("p", { class: "dim" }, `“${heard.join(" ")}”`) : null,
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

function updateCall(box, phone) {
  const call = phone.call;
  const mode = rings(call) ? "ring" : talks(call) ? "talk" : "none";
  const keep = `${call?.sid}/${mode}`;
  if (box.dataset.keep !== keep) {
    const focused = box.contains(document.activeElement);
    if (mode === "none") hush(phone.call ?? { sid: box.dataset.keep?.split("/")[0] });
    box.dataset.keep = keep;
    box.hidden = mode === "none";
    box.replaceChildren(...(mode === "ring" ? ringing(phone) : mode === "talk" ? talking(phone) : []));
    if (focused) (box.querySelector("button") ?? box.closest(".phone")).focus({ preventScroll: true });
  }
  if (mode !== "talk") return;
  keyed(
    box.querySelector(".heard"),
    (call.heard ?? []).map((sentence, at) => ({ sentence, at })),
    (line) => line.at,
    (line) => el("li", {}, line.sentence),
  );
  box.querySelector(".heard").scrollTop = 1e6;
  box.querySelector(".hint").textContent = call.gather ? "It waits for a key." : (call.heard ?? []).length ? "" : "…";
  box.querySelector(".pad").dataset.gather = String(Boolean(call.gather));
  speak({ ...call, heard: call.heard ?? [] });
}

function ringing(phone) {
  const sid = phone.call.sid;
  const answer = async () => {
    answeredHere.add(sid);
    // Browsers let a page speak only after a gesture: this one.
    if ("speechSynthesis" in window) speechSynthesis.resume();
    await ask("POST", phonePath(phone, "answer"));
  };
  return [
    el("p", { class: "ring" }, el("span", { class: "wave", "aria-hidden": "true" }, "☎"), el("span", {}, el("strong", {}, "Incoming call"), phone.call.from ? ` from ${number(phone.call.from)}` : "")),
    el(
      "div",
      { class: "acts" },
      el("button", { type: "button", class: "go", onclick: answer }, "Answer"),
      el("button", { type: "button", class: "stop", onclick: () => ask("POST", phonePath(phone, "hangup")) }, "Hang up"),
    ),
  ];
}

function talking(phone) {
  const hit = (digit) => ask("POST", phonePath(phone, "keys"), { json: { digits: digit } });
  const pad = el(
    "div",
    { class: "pad", role: "group", "aria-label": "Key pad" },
    KEYS.map((digit) => el("button", { type: "button", "data-digit": digit, onclick: () => hit(digit), "aria-label": { "*": "star", "#": "hash" }[digit] }, digit)),
  );
  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !KEYS.includes(event.key)) return;
    event.preventDefault();
    pad.querySelector(`[data-digit="${CSS.escape(event.key)}"]`).focus();
    hit(event.key);
  });
  return [
    el("p", { class: "line" }, el("strong", {}, "On the line"), phone.call.from ? ` with ${number(phone.call.from)}` : ""),
    el("ol", { class: "plain heard", "aria-live": "polite", "aria-label": "What is heard" }),
    el("p", { class: "hint dim" }),
    pad,
    el("div", { class: "acts" }, el("button", { type: "button", class: "stop", onclick: () => ask("POST", phonePath(phone, "hangup")) }, "Hang up")),
  ];
}

// ---------------------------------------------------------------------------------------------- the wire log

const KEPT = 500;
let wire = []; // newest last

function showWire() {
  const find = $("wire-find").value.trim().toLowerCase();
  const plainText = (entry) => `${entry.from} ${entry.to} ${entry.method} ${entry.url} ${entry.status} ${entry.verdict}`.toLowerCase();
  const shown = find ? wire.filter((entry) => plainText(entry).includes(find)) : wire;
  $("wire-count").textContent = find ? `${shown.length} of ${wire.length}` : many(wire.length, "request");
  const list = $("wire-list");
  // Somebody reads further down, or has opened one: what they read stays where it is.
  const reads = list.scrollTop > 4 || list.querySelector("details[open]");
  const edge = list.getBoundingClientRect().top;
  const anchor = reads && [...list.children].find((line) => line.getBoundingClientRect().bottom > edge);
  const before = anchor && anchor.getBoundingClientRect().top;
  keyed(list, [...shown].reverse(), (entry) => `${entry.number}`, wireNode);
  if (anchor?.isConnected) list.scrollTop += anchor.getBoundingClientRect().top - before;
  list.dataset.empty = wire.length ? "Nothing matches." : "Nothing has been said yet.";
}

const good = (status) => status >= 200 && status < 400;

function verdictTone(verdict) {
  if (/forg|bad|wrong|invalid|refus/i.test(verdict ?? "")) return "bad";
  return /^(signed|valid|good|ok|verified)/i.test(verdict ?? "") ? "good" : "none";
}

function wireNode(entry) {
  let path = entry.url;
  try {
    const url = new URL(entry.url, location.href);
    path = url.pathname + url.search;
  } catch {
    // Shown as it came.
  }
  const details = el(
    "details",
    { "data-tone": good(entry.status) ? "good" : "bad" },
    el(
      "summary",
      {},
      el("span", { class: "at" }, clockTime(entry.at)),
      el("span", { class: "way" }, `${entry.from} → ${entry.to}`),
      el("span", { class: "request" }, el("b", {}, entry.method), " ", path),
      el("span", { class: "status" }, entry.status ? String(entry.status) : "none"),
      el("span", { class: "verdict", "data-tone": verdictTone(entry.verdict) }, entry.verdict || "–"),
      el("span", { class: "ms" }, String(entry.millis), el("span", { class: "sr" }, " milliseconds")),
    ),
  );
  // The bodies are made when somebody wants to read them.
  details.addEventListener("toggle", () => details.open && details.childElementCount === 1 && details.append(wireBody(entry)));
  return el("li", {}, details);
}

function wireBody(entry) {
  const button = el("button", { type: "button" }, "copy as curl");
  button.addEventListener("click", () => copy(curl(entry), button));
  const block = (title, text) => [el("h4", {}, title), text ? el("pre", { tabindex: "0" }, text) : el("p", { class: "dim" }, "empty")];
  return el(
    "div",
    { class: "open" },
    el("div", { class: "actions" }, button, el("span", { class: "dim" }, "Credentials are never logged: put yours in.")),
    el("div", { class: "two" },
      el("div", {}, block("Request", `${entry.method} ${entry.url}\n${(entry.headers ?? []).map(([name, value]) => `${name}: ${value}`).join("\n")}${entry.body ? `\n\n${pretty(entry.body)}` : ""}`)),
      el("div", {}, block(`Answer ${entry.status || "never came"}`, pretty(entry.answer ?? ""))),
    ),
  );
}

function pretty(body) {
  try {
    return /^\s*[[{]/.test(body) ? JSON.stringify(JSON.parse(body), null, 2) : body;
  } catch {
    return body;
  }
}

/** The request as one command for a POSIX shell. */
function curl(entry) {
  const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const url = new URL(entry.url, location.href).href;
  const skip = /^(host|content-length|connection|accept-encoding|transfer-encoding|user-agent)$/i;
  const parts = [`curl -i -X ${/^[A-Z]+$/.test(entry.method) ? entry.method : quote(entry.method)} ${quote(url)}`];
  for (const [name, value] of entry.headers ?? []) if (!skip.test(name)) parts.push(`-H ${quote(`${name}: ${value}`)}`);
  if (entry.body) parts.push(`--data-raw ${quote(entry.body)}`);
  return parts.join(" \\\n  ");
}

async function copy(text, button) {
  const was = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
    setTimeout(() => (button.textContent = was), 1500);
  } catch {
    // No clipboard (not a secure place): show it, ready to be copied by hand.
    const area = el("textarea", { class: "copy", readonly: true, rows: "5", "aria-label": "The command" });
    area.value = text;
    button.parentElement.after(area);
    area.select();
  }
}

// ---------------------------------------------------------------------------------------------- troubles

const is = (vendor, kind) => (trouble) => trouble.vendor === vendor && trouble.kind === kind;

async function toggleTrouble(vendor, kind, on, off) {
  const others = state.troubles.filter((trouble) => !is(vendor, kind)(trouble));
  if (others.length === state.troubles.length) {
    const told = await ask("PUT", "/sim/trouble", { json: { vendor, kind, share: 1.0 } });
    if (told.ok) say(on);
    return;
  }
  // There is one way to end troubles: all of them. The others are made again.
  const told = await ask("DELETE", "/sim/trouble");
  for (const { vendor: of, kind: what, share, seconds } of others) {
    await ask("PUT", "/sim/trouble", { json: { vendor: of, kind: what, share, ...(seconds ? { seconds } : {}) } });
  }
  if (told.ok) say(off);
}

$("webex-down").addEventListener("click", () => toggleTrouble("webex", "502-before", "Webex is down: it answers 502 to everything. Press the button: nothing gets lost.", "Webex is back. What waited is posted now."));
$("twilio-429").addEventListener("click", () => toggleTrouble("twilio", "429", "Twilio takes nothing: 429 to everything, with Retry-After.", "Twilio takes requests again."));

$("twice").addEventListener("click", async () => {
  const button = state.buttons.find((each) => each.url === lastPressed) ?? state.buttons[0];
  if (!button) return say("No button is configured.", "bad");
  say("Sending the same press twice at once…");
  const once = { headers: { "Idempotency-Key": pressId() }, quiet: true };
  const [one, other] = await Promise.all([ask("POST", here(button.url), once), ask("POST", here(button.url), once)]);
  const show = (answer) => (answer.ok ? `“${answer.text}”` : `${answer.status || "none"} ${brief(answer.text)}`);
  const same = one.ok && other.ok && one.text === other.text;
  say(`The answers: ${show(one)} and ${show(other)}. ${same ? "The same: it was counted once." : "Not the same."}`, same ? "good" : "bad");
});

$("kill").addEventListener("click", async () => {
  const told = await ask("POST", "/sim/kill", { json: { function: "deliver" } });
  if (!told.ok) return;
  const { killed } = JSON.parse(told.text);
  say(killed ? `deliver was killed (${many(killed, "process", "processes")}). It is started again when there is work.` : "deliver is not running; it starts when there is work.");
});

$("later").addEventListener("click", async () => {
  const told = await ask("POST", "/sim/clock", { json: { advance: "5m" } });
  if (told.ok) say("It is five minutes later for everybody.");
});

function showTroubles() {
  const has = (vendor, kind) => state.troubles.some(is(vendor, kind));
  $("webex-down").setAttribute("aria-pressed", String(has("webex", "502-before")));
  $("twilio-429").setAttribute("aria-pressed", String(has("twilio", "429")));
  const others = state.troubles.filter((trouble) => !is("webex", "502-before")(trouble) && !is("twilio", "429")(trouble));
  keyed($("others"), others, (trouble) => `${trouble.vendor} ${trouble.kind}`, ({ vendor, kind, share }) =>
    el("li", {}, `${vendor}: ${kind}${share < 1 ? `, ${Math.round(share * 100)} %` : ""} `, el("button", { type: "button", class: "small", onclick: () => toggleTrouble(vendor, kind, "", `${vendor}: ${kind} has ended.`) }, "end")));
  keyed($("functions"), state.functions ?? [], (each) => each.name, (each) =>
    el("li", { "data-state": each.state }, each.state && el("span", { class: "dot", "aria-hidden": "true" }), el("code", {}, each.name), el("span", { class: "dim" }, [each.state, each.pid ? `pid ${each.pid}` : null, each.calls ? many(each.calls, "call") : null].filter(Boolean).join(" · "))));
}

// ---------------------------------------------------------------------------------------------- what to do first

/** One line, and the place on the page that it speaks of. */
function nextStep() {
  const { buttons, spaces, phones, troubles } = state;
  const first = buttons[0];
  if (!first) return ["No button is configured. Add one under buttons: in the configuration.", null];
  const label = first.label || first.name;
  const name = (phone) => phone.name || number(phone.number);
  const ring = phones.find((phone) => rings(phone.call));
  if (ring) return [`The phone of ${name(ring)} rings. Answer it.`, ring];
  const talk = phones.find((phone) => talks(phone.call));
  if (talk) return [talk.call.gather ? `${name(talk)} hears what is the matter. Press 1 on the key pad: “I have it”.` : `${name(talk)} is on the line. Listen.`, talk];
  if (troubles.some(is("webex", "502-before"))) return ["Webex is down. Press: the press is stored and waits. Then bring Webex back and see it arrive.", "troubles"];
  if (troubles.length) return ["There is trouble. Press, and see that nothing is lost and nothing comes twice.", "troubles"];
  const active = buttons.find((button) => button.state === "acknowledged") ?? buttons.find((button) => button.count) ?? first;
  if (active.state === "acknowledged") return [`${active.by || "Somebody"} has it, and the climb has stopped. Press again to climb again, or make some trouble.`, "troubles"];
  if (active.state === "resolved" || active.state === "cancelled") return [`It is ${active.state}. The next press begins anew.`, "buttons"];
  const space = spaces.find((each) => each.messages.length);
  if (!active.count) return [`Press “${label}”: people are called into a Webex space.`, "buttons"];
  if (!space) return ["The press is stored. A Webex space is being made…", null];
  const sms = phones.find((phone) => phone.texts.some((text) => text.direction !== "inbound"));
  const called = phones.find((phone) => phone.calls?.length);
  if (called) return ["The call has ended and nobody has said “I have it”. Press again: it climbs on.", "buttons"];
  if (!sms) {
    return active.count === 1
      ? [`The space “${space.title}” is there, with ${many(space.people.length, "person", "people")} in it. Nobody comes? Press again.`, "buttons"]
      : [`Pressed ${many(active.count, "time")}. The next step is on its way…`, null];
  }
  return [`${name(sms)} has a text now. Still nobody? Press again: a phone rings.`, "buttons"];
}

const PLACES = { buttons: "to the button", troubles: "to the troubles" };

function showNext() {
  const [text, place] = nextStep();
  // Told again only when it is something new.
  if ($("next-text").textContent !== text) $("next-text").textContent = text;
  const jump = $("next-jump");
  jump.hidden = !place;
  if (!place) return;
  jump.textContent = PLACES[place] ?? "to the phone";
  jump.go = () => {
    const target = typeof place === "string" ? $(place) : [...$("phone-list").children].find((node) => node.dataset.key === place.number);
    target?.scrollIntoView({ block: "nearest", behavior: "auto" });
    (target?.querySelector("button:not([hidden])") ?? target)?.focus();
  };
}

$("next-jump").addEventListener("click", (event) => {
  event.preventDefault();
  event.currentTarget.go?.();
});

// ---------------------------------------------------------------------------------------------- everything

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

let wireSoon = false;
function showWireSoon() {
  if (wireSoon) return;
  wireSoon = true;
  setTimeout(() => {
    wireSoon = false;
    showWire();
  }, 60);
}

$("wire-find").addEventListener("input", showWire);
$("aloud-label").hidden = !("speechSynthesis" in window);
$("aloud").addEventListener("change", () => $("aloud").checked || speechSynthesis.cancel());
addEventListener("online", connect);
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => event.persisted && connect());
setInterval(tellTime, 1000);
connect();
