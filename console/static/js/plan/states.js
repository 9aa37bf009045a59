// @ts-check
/** The states of all steps: read once, then changed by what the live feed tells. */

/**
 * @typedef {object} Item  what is known of a step beside its times; absent fields are null
 * @property {number} number
 * @property {string} state
 * @property {string} [jeopardy]
 * @property {string} [holder]
 * @property {string} [queue]
 * @property {string} [escalated_to]
 * @property {number} [attempts]
 * @property {string} [waits_for]
 * @property {string} [due]
 * @property {string} [late_at]
 * @property {string} [next_attempt_at]
 * @property {string} [started_at]
 * @property {string} [ended_at]
 * @property {{code: string, message: string, at?: string}} [error]
 * @property {{state: string, attempts?: number, error?: {code: string, message: string}, waits_for?: string,
 *   next_attempt_at?: string, due?: string}} [undo]
 * @property {string} [hold]
 */

const SETTLED = new Set(["completed", "skipped", "failed_accepted", "discarded", "cancelled", "amended"]);

/** What people look for, the most urgent first. A step is in the first that fits; `late` is asked for beside it. */
export const CATEGORIES = /** @type {const} */ ([
  "fallout", "retrying", "held", "undo", "running", "scheduled", "pending", "done",
]);
/** @typedef {typeof CATEGORIES[number]} Category */

/** @type {Record<string, Category>} */
const CATEGORY_OF = {
  fatally_failed: "fallout", failed: "retrying", on_hold: "held", in_progress: "running", ready: "running",
  scheduled: "scheduled", pending: "pending",
};

export class States {
  /** @param {any} json  what console/presenting/plan/states.py writes */
  constructor(json) {
    const origin = Date.parse(json.origin);
    /** @type {number} the server's clock minus this one, in milliseconds */
    this.skew = Date.parse(json.now) - Date.now();
    /** @type {string[]} */ this.own = Array.from(json.states, (letter) => json.letters[letter]);
    /** @type {Float64Array} */ this.starts = times(json.starts, origin);
    /** @type {Float64Array} */ this.ends = times(json.ends, origin);
    /** @type {Map<number, Item>} */ this.items = new Map();
    for (const item of json.items) this.items.set(item.number - 1, item);
    /** @type {Category[]} */ this.categories = this.own.map((_, at) => this.#category(at));
  }

  now() {
    return Date.now() + this.skew;
  }

  /** The state that people see: that of an undo under way, else the step's. @param {number} at */
  shown(at) {
    const own = this.own[at], undo = this.items.get(at)?.undo;
    if (!undo || SETTLED.has(undo.state)) return own;
    return undo.state === "pending" && !SETTLED.has(own) ? own : undo.state;
  }

  /** @param {number} at */
  isUndoUnderWay(at) {
    const undo = this.items.get(at)?.undo;
    return Boolean(undo && !SETTLED.has(undo.state));
  }

  /** @param {number} at */
  isSettled(at) {
    return SETTLED.has(this.own[at]) && !this.isUndoUnderWay(at);
  }

  /** Whether it has begun and not ended, so that its clock moves. @param {number} at */
  isOpen(at) {
    return this.items.has(at) && !this.isSettled(at);
  }

  /** `late` or `at_risk` by its sla, while it is open. @param {number} at */
  lateness(at) {
    const jeopardy = this.items.get(at)?.jeopardy;
    return jeopardy && jeopardy !== "on_track" && !this.isSettled(at) ? jeopardy : "";
  }

  /** @param {number} at @returns {Category} */
  #category(at) {
    const state = this.shown(at);
    const category = CATEGORY_OF[state] ?? "done";
    return this.isUndoUnderWay(at) && category !== "fallout" && category !== "retrying" ? "undo" : category;
  }

  /** @param {Item[]} items  @returns {number[]} the steps that look different now */
  apply(items) {
    const changed = [];
    for (const item of items) {
      const at = item.number - 1;
      if (at < 0 || at >= this.own.length) continue;
      this.own[at] = item.state;
      this.items.set(at, item);
      if (item.started_at) this.starts[at] = Date.parse(item.started_at);
      if (item.ended_at) this.ends[at] = Date.parse(item.ended_at);
      else if (!(this.ends[at] > this.now())) this.ends[at] = NaN;
      this.categories[at] = this.#category(at);
      changed.push(at);
    }
    return changed;
  }

  /** @param {number[]} steps @returns {Map<Category, number>} */
  count(steps) {
    /** @type {Map<Category, number>} */ const counts = new Map();
    for (const at of steps) counts.set(this.categories[at], (counts.get(this.categories[at]) ?? 0) + 1);
    return counts;
  }

  /** The most urgent of these steps; -1 if there is none. @param {number[]} steps */
  mostUrgent(steps) {
    let best = -1, rank = Infinity;
    for (const at of steps) {
      const own = CATEGORIES.indexOf(this.categories[at]);
      if (own < rank) [best, rank] = [at, own];
    }
    return best;
  }
}

/** @param {(number | null)[]} seconds @param {number} origin */
function times(seconds, origin) {
  return Float64Array.from(seconds, (each) => (each === null ? NaN : origin + each * 1000));
}
