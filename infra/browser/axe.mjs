// What axe finds on the page as it stands: https://github.com/dequelabs/axe-core

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** All of its rules, also those that are best practice only, and this one, which is still an experiment. */
const OPTIONS = { resultTypes: ["violations"], rules: { "label-content-name-mismatch": { enabled: true } } };

/** Each violation in one line: the rule, and where. */
export async function violations(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(source);
  const found = await page.evaluate(async (options) => (await window.axe.run(document, options)).violations, OPTIONS);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary.split("\n").at(-1).trim()}`).join(" | ")}`);
}
