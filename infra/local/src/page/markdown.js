// Renders Markdown as nodes, like Webex.

import { el } from "./dom.js";

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", nbsp: "\u00a0" };
const INLINE = new RegExp(
  [
    /\\([!-/:-@[-`{-~])/, // 1 an escaped character
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

/** A link with a harmless scheme; any other link is only its text. */
export function link(address, ...label) {
  const safe = /^(https?|tel|mailto):/i.test(address);
  return safe ? el("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, ...label) : el("span", {}, ...label);
}

/** The nodes of a run of text. */
export function inline(text, depth = 0) {
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
export const plain = (text) => text.replace(/\\([!-/:-@[-`{-~])/g, "$1");

const ITEM = /^( *)([-*+]|\d{1,9}[.)])\s+(.*)$/;

/** Renders Markdown as nodes, like Webex. */
export function markdown(text, depth = 0) {
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
      // Always below the page's own headings.
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

/** Plain text, with its line breaks. */
export const lined = (text) => text.split("\n").flatMap((line, at) => (at ? [el("br"), line] : [line]));
