// @ts-check
/** What matters now: what is stuck, late or running, the critical path ahead, and the steps next to these. */

/**
 * @param {import("./structure.js").Plan} plan
 * @param {import("./states.js").States} states
 * @param {number[]} critical
 * @returns {Set<number>} steps, without neighbours
 */
export function urgentSteps(plan, states, critical) {
  const urgent = new Set(critical.filter((at) => !states.isSettled(at)));
  for (let at = 0; at < plan.size; at++) {
    const category = states.categories[at];
    if ((category !== "pending" && category !== "done" && category !== "scheduled") || states.lateness(at)) urgent.add(at);
  }
  return urgent;
}

/** @param {import("./structure.js").Plan} plan @param {Iterable<number>} steps */
export function withNeighbours(plan, steps) {
  const all = new Set(steps);
  for (const at of steps) {
    for (const near of [...plan.before[at], ...plan.followers[at]]) all.add(near);
  }
  return all;
}

/**
 * Whether a step fits the words of a search: its number, id, name, line, and what is known of it.
 *
 * @param {import("./structure.js").Plan} plan
 * @param {import("./states.js").States} states
 * @param {string} text
 * @returns {number[]} steps, ascending
 */
export function searchSteps(plan, states, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const byDefinition = plan.definitions.map((each) =>
    [each.name, each.workstream_name, ...each.facts.map((fact) => fact[1])].join(" ").toLowerCase());
  const titles = rowTitles(plan), found = [];
  for (let at = 0; at < plan.size; at++) {
    const lane = plan.lanes[plan.laneOf[at]], item = states.items.get(at);
    const told = item ? [item.error?.code, item.error?.message, item.holder, item.queue, item.waits_for, item.hold].join(" ") : "";
    const all = `${at + 1} ${plan.id(at)} ${titles.get(at) ?? ""} ${lane.title} ${lane.served} ${told}`.toLowerCase();
    const definition = byDefinition[plan.definitionOf[at]];
    if (words.every((word) => definition.includes(word) || all.includes(word))) found.push(at);
  }
  return found;
}

/** The matrix row's title of each step in a matrix. @param {import("./structure.js").Plan} plan */
function rowTitles(plan) {
  /** @type {Map<number, string>} */ const titles = new Map();
  for (const { rows } of plan.matrices) {
    for (const row of rows) for (const at of row.steps) titles.set(at, `${row.id} ${row.title}`);
  }
  return titles;
}
