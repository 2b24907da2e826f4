// The scenes: each has an address and fits on one screen, the keyboard goes through it as the eye does, and axe finds nothing.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { violations } from "./axe.mjs";
import { PHONE, POCKET, SCENES, WIDE, open, overflow, start, until } from "./stage.mjs";

/** The panels of each scene, beside Webex and the phones. */
const PANELS = { Button: ["#buttons", "#steps"], Duty: ["#mailbox", "#incidents", "#rota-part", "#duty-mail"], Floor: ["#zones"], Customers: ["#customer-phones", "#customer-mail"] };
const EVERY = Object.values(PANELS).flat();

const mail = (subject) => `From: Nagios <nagios@monitor.example.com>\r\nSubject: ${subject}\r\nMessage-ID: <${subject.length}.${Date.now()}@monitor.example.com>\r\n\r\nNo answer.\r\n`;

/** Something to see in each scene: an alert, a busy floor, a customer, and a press. */
async function fill(address) {
  const act = async (method, path, body, type = "application/json") => {
    const answer = await fetch(`${address}${path}`, { method, body, headers: body ? { "Content-Type": type } : {} });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer;
  };
  const told = async () => (await act("GET", "/page/state")).json();
  const [button] = (await told()).buttons;
  await act("POST", button.url);
  await act("POST", "/sim/phones/+12025550123/text", JSON.stringify({ to: "+12025550100", body: "Is anybody there?" }));
  await act("PUT", "/sim/cmx/zones/shoes", JSON.stringify({ count: 87 }));
  for (let minute = 0; minute < 3; minute += 1) {
    const before = (await told()).zones[0].points.length;
    await act("POST", "/sim/clock", JSON.stringify({ advance: "1m" }));
    await until("the zone is counted", async () => (await told()).zones[0].points.length > before);
  }
  // Last, so that the phone still rings.
  await act("POST", "/sim/mail?to=duty-demo@in.example.com", mail("PROBLEM: db1/Disk is CRITICAL"), "message/rfc822");
  await until("each scene has a space", async () => (await told()).spaces.filter((space) => space.messages.length).length >= 4 || (await told()).spaces.map((space) => space.title));
}

describe("The scenes", () => {
  let runner, hands, page;

  before(async () => {
    runner = await start();
    hands = await open(runner.address);
    page = hands.page;
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  const current = () => page.locator('.scenes [aria-current="page"]').textContent();
  const shows = (scene) => until(`${scene} is shown`, async () => (await current()) === scene || (await current()));

  it("begin with the button, and each has an address, which goes back and forward", async () => {
    assert.equal(await current(), "Button");
    for (const scene of ["Duty", "Floor", "Customers"]) {
      await hands.to(scene);
      await shows(scene);
      assert.equal(new URL(page.url()).hash, `#${scene.toLowerCase()}`);
      assert.equal(await page.title(), `${scene} · Handbell on this laptop`);
    }
    await page.goBack();
    await shows("Floor");
    await page.goBack();
    await shows("Duty");
    await page.goForward();
    await shows("Floor");
    await page.reload();
    await shows("Floor");
    assert.equal(await page.locator("#plan svg").isVisible(), true);
  });

  it("show just their panels, all of them on one screen", async () => {
    await fill(runner.address);
    for (const scene of SCENES) {
      await hands.to(scene);
      await shows(scene);
      const seen = [];
      for (const panel of EVERY) if (await page.locator(panel).isVisible()) seen.push(panel);
      assert.deepEqual(seen, PANELS[scene], scene);
      const beyond = await page.evaluate((panels) => {
        const inside = ({ top, bottom, left, right, height }) => top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth && height > 60;
        return panels.filter((panel) => !inside(document.querySelector(panel).getBoundingClientRect()));
      }, [...PANELS[scene], "#spaces", "#phones"]);
      assert.deepEqual(beyond, [], `${scene}: beyond the screen`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), true, `${scene} needs no scrolling`);
      assert.deepEqual(await overflow(page), { sideways: 0, beyond: [] });
    }
  });

  it("bring up the phone that rings, whichever is shown, and put it away afterwards", async () => {
    await hands.to("Customers");
    await hands.dana.getByText("Incoming call").waitFor();
    await hands.says(/^The phone of Dana rings/);
    await hands.to("Floor");
    assert.equal(await hands.dana.isVisible(), true, "it still rings");
    await hands.dana.getByRole("button", { name: "Hang up" }).click();
    await hands.dana.locator(".call").waitFor({ state: "hidden" });
    await hands.says(/^Floor 2 \/ Shoes is busy/);
    await hands.to("Duty");
    await hands.dana.waitFor({ state: "hidden" });
  });

  it("show the spaces of their own incidents, and speak of no other", async () => {
    const titles = { Button: /^Green Power$/, Duty: /db1\/Disk/, Floor: /^Floor team$/, Customers: /\+12025550123/ };
    for (const [scene, title] of Object.entries(titles)) {
      await hands.to(scene);
      await shows(scene);
      await until(`${scene} has its space`, async () => title.test(await page.locator("#space .title").textContent()) || (await page.locator("#space .title").textContent()));
    }
    // The phones know of the alert only: the button has been pressed once, and has called nobody.
    await hands.to("Button");
    await hands.says(/^The space “Green Power” is there/);
  });

  it("scroll with the page keys, wherever the focus is", async () => {
    await hands.to("Button");
    for (let press = 0; press < 3; press += 1) await hands.press();
    const list = page.locator("#space .messages");
    await until("there is something to scroll", () => list.evaluate((node) => node.scrollHeight > node.clientHeight + 50));
    await page.locator(".scenes a").first().focus();
    const top = () => list.evaluate((node) => node.scrollTop);
    const moves = async (key, how) => {
      await until(`${key} scrolls`, async () => {
        await page.keyboard.press(key);
        return how(await top()) || (await top());
      });
    };
    await moves("Home", (at) => at === 0);
    await moves("PageDown", (at) => at > 100);
    await moves("Home", (at) => at === 0);
    await page.evaluate(() => document.activeElement.blur());
    await moves("Space", (at) => at > 100);
    const end = await list.evaluate((node) => node.scrollHeight - node.clientHeight);
    await moves("End", (at) => at >= end - 2);
    await moves("PageUp", (at) => at < end - 100);
  });

  it("leave the Space key to the button", async () => {
    const before = await hands.count();
    await hands.bell.focus();
    await page.keyboard.press("Space");
    await until("it is a press", async () => (await hands.count()) === before + 1);
  });

  it("are gone through with Tab from left to right, and down in each panel", async () => {
    for (const scene of SCENES) {
      await hands.to(scene);
      await shows(scene);
      const order = [];
      for (let step = 0; step < 120; step += 1) {
        await page.keyboard.press("Tab");
        const place = await page.evaluate(() => {
          const node = document.activeElement;
          if (node === document.body) return null;
          const box = node.closest(".panel, .lead, .hood, .top, .scenes");
          const { left, top } = (box ?? node).getBoundingClientRect();
          return { box: box ? (box.id || box.className) : node.id, left: Math.round(left), top: Math.round(top) };
        });
        if (!place) break;
        if (order.at(-1)?.box !== place.box) order.push(place);
      }
      const names = order.map(({ box }) => box);
      assert.equal(new Set(names).size, names.length, `${scene}: no panel is come to twice: ${names}`);
      const rows = order.filter(({ box }) => box !== "skip");
      for (const [at, { box, left, top }] of rows.entries()) {
        const last = rows[at - 1];
        if (last) assert.ok(top >= last.top || left > last.left, `${scene}: ${box} stands before ${last.box}, and comes after it`);
      }
      assert.equal(names.at(-1), "hood");
    }
  });

  it("open the wire log by its address, in the scene that is shown", async () => {
    await hands.to("Button");
    // In one breath: by the event of the first change, the address is the second one already.
    await page.evaluate(() => {
      location.hash = "duty";
      location.hash = "wire";
    });
    await page.locator("#wire-list details").first().waitFor();
    await shows("Duty");
    const box = await page.locator("#wire-list").boundingBox();
    assert.ok(box.y > 0 && box.y + box.height <= WIDE.height && box.height > 100, JSON.stringify(box));
    assert.equal(await page.evaluate(() => document.activeElement.id), "wire");
    // Nothing is scrolled away into blank ground.
    assert.deepEqual(await page.evaluate(() => [scrollY, document.scrollingElement.scrollHeight <= innerHeight]), [0, true]);
    const fresh = await open(`${runner.address}`, WIDE, { scene: "wire" });
    await fresh.page.locator("#wire-list details").first().waitFor();
    assert.equal(await fresh.page.locator('.scenes [aria-current="page"]').textContent(), "Button");
    assert.deepEqual(fresh.complaints, []);
    await fresh.page.context().close();
    await page.getByRole("button", { name: /^Wire log/ }).click();
  });

  it("have nothing that axe finds: 360, 390 and 1280 pixels, by day and by night", async () => {
    const small = await open(runner.address, PHONE);
    for (const { page: shown } of [hands, small]) await shown.locator("#space .message").first().waitFor();
    const found = [];
    for (const colorScheme of ["light", "dark"]) {
      for (const viewport of [PHONE, POCKET, WIDE]) {
        const tab = viewport === WIDE ? hands : small;
        await tab.page.setViewportSize(viewport);
        await tab.page.emulateMedia({ colorScheme });
        for (const scene of SCENES) {
          await tab.to(scene);
          found.push(...(await violations(tab.page)).map((each) => `${scene}, ${viewport.width}, ${colorScheme}: ${each}`));
        }
        // And with everything open that can be.
        await tab.phones();
        await tab.lid({ [PHONE.width]: "Facts", [POCKET.width]: "Functions", [WIDE.width]: "Wire log" }[viewport.width]);
        found.push(...(await violations(tab.page)).map((each) => `open, ${viewport.width}, ${colorScheme}: ${each}`));
        assert.deepEqual(await overflow(tab.page), { sideways: 0, beyond: [] }, `${viewport.width}`);
        await tab.page.getByRole("button", { name: "Phones", exact: true }).click();
      }
    }
    assert.deepEqual(found, []);
    assert.deepEqual(small.complaints, []);
    await small.page.context().close();
  });
});
