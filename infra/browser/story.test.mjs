// The README's picture: a press, a space, a phone that rings, and "I have it", taken one after the other from a runner that does it.
//
// Screenshots: story.png and story-dark.png.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SCREENSHOTS, open, start, until } from "./stage.mjs";

/** As wide as a phone, so that each picture is one column. */
const NARROW = { width: 372, height: 1000 };
const SIZE = { width: 348, height: 304 };
const SCHEMES = ["light", "dark"];
const CAPTIONS = ["A button is pressed", "People meet in a space", "Nobody? A phone rings", "“I have it”"];

describe("The story", () => {
  let runner, hands, page;
  const pictures = { light: [], dark: [] };

  before(async () => {
    runner = await start();
    hands = await open(runner.address, NARROW, { deviceScaleFactor: 2 });
    page = hands.page;
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });

  /** A picture of this part of the page, by day and by night. */
  async function take(locator, { from = "top" } = {}) {
    await page.evaluate(() => document.activeElement.blur());
    await page.mouse.move(0, 0);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await locator.evaluate((node) => node.scrollIntoView({ block: "center" }));
      const box = await locator.boundingBox();
      assert.ok(box.width >= SIZE.width - 30, `${box.width} pixels are too few`);
      const above = Math.max(8, (SIZE.height - box.height) / 2);
      const y = from === "top" ? box.y - above : box.y + box.height - SIZE.height;
      const clip = { x: box.x + (box.width - SIZE.width) / 2, y: Math.max(0, y), ...SIZE };
      pictures[colorScheme].push((await page.screenshot({ clip })).toString("base64"));
    }
    await page.emulateMedia({ colorScheme: "light" });
  }

  it("goes from a press to a space, to a phone that rings, to somebody who has it", async () => {
    await hands.press();
    assert.equal(await hands.told.textContent(), "OK 1");
    await take(page.locator("#buttons"));

    await hands.message("Help is needed").waitFor();
    const list = page.locator("#space .messages");
    await until("the picture is loaded", () => list.locator("img").first().evaluate((image) => image.complete && image.naturalWidth > 0));
    await list.evaluate((node) => (node.scrollTop = 0));
    await take(page.locator("#space"));

    await hands.press();
    await hands.dana.locator('.text[data-status="delivered"]').waitFor({ state: "attached" });
    await hands.press();
    await hands.dana.getByText("Incoming call").waitFor();
    await take(hands.dana);

    await hands.dana.getByRole("button", { name: "Answer" }).click();
    await until("it waits for a key", async () => (await hands.dana.locator(".pad").getAttribute("data-gather")) === "true");
    await hands.dana.getByRole("button", { name: "1", exact: true }).click();
    await hands.message("has it since").waitFor();
    await hands.message("answered, call ended").waitFor();
    await hands.dana.locator(".call").waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Phones", exact: true }).click();
    await list.evaluate((node) => (node.scrollTop = node.scrollHeight));
    await take(list, { from: "end" });
    assert.deepEqual(hands.complaints, []);
  });

  for (const scheme of SCHEMES) {
    it(`is four pictures side by side, ${scheme}`, async () => {
      const sheet = await page.context().newPage();
      await sheet.setViewportSize({ width: 1560, height: 600 });
      await sheet.setContent(strip(pictures[scheme], scheme));
      await until("the pictures are loaded", () => sheet.evaluate(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0)));
      assert.equal(await sheet.locator("img").count(), 4);
      await sheet.locator("main").screenshot({ path: join(SCREENSHOTS, scheme === "dark" ? "story-dark.png" : "story.png") });
      await sheet.close();
    });
  }
});

/** The pictures with a number and a caption each. */
function strip(shots, scheme) {
  const [ground, ink, line, accent, on] = scheme === "dark" ? ["#0f1514", "#e6ecea", "#2c3735", "#4fc3ae", "#06201b"] : ["#f2f4f3", "#18211f", "#dce2e0", "#0b6e5f", "#ffffff"];
  const figures = shots.map((shot, at) => `<figure><figcaption><b>${at + 1}</b>${CAPTIONS[at]}</figcaption><img src="data:image/png;base64,${shot}" alt=""></figure>`);
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; font: 600 22px/1.3 system-ui, sans-serif; color: ${ink}; }
    main { display: inline-grid; grid-template-columns: repeat(4, ${SIZE.width}px); gap: 24px; padding: 20px 24px 24px; background: ${ground}; }
    figure { margin: 0; display: grid; gap: 12px; }
    figcaption { display: flex; gap: 10px; align-items: center; white-space: nowrap; font-size: 20px; }
    b { display: grid; place-items: center; flex: none; width: 32px; height: 32px; border-radius: 50%; background: ${accent}; color: ${on}; }
    img { width: ${SIZE.width}px; height: ${SIZE.height}px; border: 1px solid ${line}; border-radius: 14px; box-sizing: border-box; }
  </style><main>${figures.join("")}</main>`;
}
