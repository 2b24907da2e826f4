// Building blocks of the page: elements, lists that keep unchanged items, and formats of times and numbers.
// Text from people becomes text nodes; nothing is ever parsed as HTML.

export const $ = (id) => document.getElementById(id);

/** Creates an element. `on…` attributes are listeners; children are nodes or text. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Updates the children of `parent` to match `items`, and keeps unchanged ones. */
export function keyed(parent, items, keyOf, make, update) {
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

/** Scrolls the newest messages into view. */
export function toEnds(box) {
  for (const list of box?.querySelectorAll(".bubbles, .messages") ?? []) list.scrollTop = list.scrollHeight;
}

export const clockTime = (at) => {
  const date = new Date(at);
  return at && !Number.isNaN(date.getTime()) ? date.toLocaleTimeString("en-GB") : "";
};
export const when = (at) => (at ? el("time", { datetime: at, title: at }, clockTime(at)) : null);

/** Formats "+12025550111" for people. */
export const number = (raw) => {
  const us = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(raw ?? "");
  return us ? `+1 ${us[1]} ${us[2]} ${us[3]}` : (raw ?? "");
};

export const size = (bytes) => {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
};

export const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** Formats a fact: `{"incident": "H-1JV6", "step": 3, "detail": {"by": "Dana"}}` as "H-1JV6, step 3, by Dana". */
export function inWords(fact) {
  if (fact === null || fact === undefined) return "";
  if (typeof fact !== "object") return String(fact);
  // Place and time are shown beside it; the id is for machines.
  const { incident, detail, at, id, epoch, subject, ...rest } = fact;
  const inside = detail !== null && typeof detail === "object" ? detail : { detail };
  const parts = Object.entries({ ...rest, ...inside }).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const said = parts.map(([key, value]) => `${key.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  return [incident, ...said].filter(Boolean).join(", ");
}

/** Returns an address of this server as a path, so that `localhost` and `127.0.0.1` are equal. */
export function here(address) {
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
