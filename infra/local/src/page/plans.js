// The spaces of a plan and of a scene.

import { lines } from "./lines.js";
import { state } from "./state.js";

const BLANKS = { incident: "H-[0-9A-Z]+" };

/** Whether a space's title matches a template with placeholders such as `{incident}`. */
function fits(template, title) {
  const parts = template.split(/\{(\w+)\}/).map((part, at) => (at % 2 ? (BLANKS[part] ?? ".*") : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return new RegExp(`^${parts.join("")}$`, "s").test(title);
}

/** The spaces of a plan's incidents. */
export function spacesOfPlan(name) {
  const plan = state.plans[name];
  return plan ? state.spaces.filter((space) => fits(plan.title, space.title)) : [];
}

/** The spaces of a scene: those of its plans. A space without a plan is a conversation with a customer. */
export function spacesOf(scene) {
  const plans = Object.values(state.plans);
  const scenesOf = (space) => plans.filter((plan) => fits(plan.title, space.title)).flatMap((plan) => plan.scenes);
  return state.spaces.filter((space) => {
    const scenes = scenesOf(space);
    if (scenes.length) return scenes.includes(scene);
    return !lines().length || scene === "customers";
  });
}
