// Page keys and Space scroll, wherever the focus is: on a wide screen, not the page but its panels scroll.

const PAGES = { PageDown: 1, PageUp: -1, " ": 1, Home: -Infinity, End: Infinity };

const scrolls = (node) => node.scrollHeight > node.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(node).overflowY);

/** Whether the browser itself scrolls an element for a key pressed there. */
function hasOwn(node) {
  for (let each = node; each && each !== document.body; each = each.parentElement) if (scrolls(each)) return true;
  return document.documentElement.scrollHeight > document.documentElement.clientHeight + 1;
}

/** Elements in which keys have another meaning. */
const taken = (node, key) => Boolean(node.closest("input, select, textarea, audio, [role=tab]")) || (key === " " && Boolean(node.closest("button, summary")));

/** The element to scroll: the first one in the focused panel, in the scene, or else beside it. */
function scroller(node) {
  const boxes = [node.closest(".panel, .under"), document.querySelector(".scene:not([hidden])"), document.querySelector("#spaces"), document.querySelector("#hood")];
  return boxes.flatMap((box) => [...(box?.querySelectorAll(".scroll") ?? [])]).find((each) => each.checkVisibility() && scrolls(each));
}

addEventListener("keydown", (event) => {
  const pages = event.key === " " && event.shiftKey ? -1 : PAGES[event.key];
  const node = event.target instanceof Element ? event.target : document.body;
  if (!pages || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || taken(node, event.key) || hasOwn(node)) return;
  const box = scroller(node);
  if (!box) return;
  event.preventDefault();
  box.scrollTop = Number.isFinite(pages) ? box.scrollTop + pages * box.clientHeight * 0.9 : pages > 0 ? box.scrollHeight : 0;
});
