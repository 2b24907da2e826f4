// A file: a picture to look at, a recording to play, or any other file to download.

import { el, here, size } from "./dom.js";

/** A file with `name`, `url` and, if known, `type` and `size` in bytes. */
export function fileNode(file) {
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
  const box = download(name, url, facts);
  if (!/^audio\/(x-)?(wav|mpeg|ogg)/.test(file.type ?? "") || !url) return box;
  return el("div", { class: "recording" }, box, el("audio", { src: url, controls: true, preload: "none", "aria-label": `Recording: ${name}` }));
}

function download(name, url, facts) {
  const kind = (/\.([a-z0-9]{1,4})$/i.exec(name)?.[1] ?? "file").toUpperCase();
  return el(
    "div",
    { class: "file" },
    el("span", { class: "kind", "aria-hidden": "true" }, kind),
    el("span", { class: "name" }, name, el("span", { class: "dim" }, facts)),
    url && el("a", { href: url, download: name, "aria-label": `Download ${name}` }, "download"),
  );
}
