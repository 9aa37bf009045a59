// @ts-check
/** The critical path: the steps on which the end of the order depends, by their real and their expected times. */

/**
 * From the step that ends last back through the predecessor that ends last. Of those that end together, the one with
 * the longer way behind it counts, so that the path leaves no step out.
 *
 * @param {import("./structure.js").Plan} plan
 * @param {import("./states.js").States} states
 * @returns {number[]} first to last; empty while no end is known
 */
export function criticalPath(plan, states) {
  const now = states.now(), ends = states.ends.map((end, at) => (isAhead(states, at) ? Math.max(isNaN(end) ? now : end, now) : end));
  let last = -1;
  for (let at = 0; at < plan.size; at++) {
    if (!isNaN(ends[at]) && (last < 0 || ends[at] >= ends[last])) last = at;
  }
  if (last < 0 || plan.before.every((before) => before.length === 0)) return [];
  const layers = layersOf(plan), path = [];
  for (let at = last; at >= 0; ) {
    path.push(at);
    let via = -1;
    for (const before of plan.before[at]) {
      if (isNaN(ends[before])) continue;
      if (via < 0 || ends[before] > ends[via] || (ends[before] === ends[via] && layers[before] > layers[via])) via = before;
    }
    at = via;
  }
  return path.reverse();
}

/** Whether a step has begun and not ended: it ends now at the earliest. @param {import("./states.js").States} states @param {number} at */
function isAhead(states, at) {
  return !states.isSettled(at) && !["pending", "scheduled"].includes(states.own[at]);
}

/** @type {WeakMap<import("./structure.js").Plan, Int32Array>} */
const known = new WeakMap();

/** For each step, how many are before it one after the other. @param {import("./structure.js").Plan} plan */
function layersOf(plan) {
  const cached = known.get(plan);
  if (cached) return cached;
  const layers = new Int32Array(plan.size), open = Int32Array.from(plan.before, (before) => before.length);
  const ready = [];
  for (let at = 0; at < plan.size; at++) if (open[at] === 0) ready.push(at);
  while (ready.length) {
    const at = /** @type {number} */ (ready.pop());
    for (const later of plan.followers[at]) {
      layers[later] = Math.max(layers[later], layers[at] + 1);
      if (--open[later] === 0) ready.push(later);
    }
  }
  known.set(plan, layers);
  return layers;
}
