// @ts-check
/** The plan's structure: what console/presenting/plan/to_json.py writes. Steps, lanes and boxes are positions from 0. */

/**
 * @typedef {object} Definition
 * @property {string} workstream
 * @property {string} workstream_name
 * @property {string} step
 * @property {string} name
 * @property {string} kind
 * @property {[string, string][]} facts
 * @property {boolean} final  a point of no return
 * @property {boolean} undo
 */
/** @typedef {{title: string, served: string, suffix: string, isOneOfMany: boolean, steps: number[]}} Lane */
/** @typedef {{id: string, title: string, cells: number[][], steps: number[]}} MatrixRow */
/** @typedef {{title: string, columns: number[], rows: MatrixRow[]}} Matrix */
/**
 * @typedef {object} Drawing
 * @property {number[][]} boxes  the steps of each box
 * @property {number[][]} lanes  the plan's lanes that each lane stands for
 * @property {number[]} groups
 * @property {number[]} columns
 * @property {number[]} rows
 * @property {number[]} lane_order
 * @property {number[]} row_counts
 * @property {number[][]} paths
 * @property {[number, number][]} fans
 * @property {Record<string, number>} column_tracks
 * @property {Record<string, number>} row_tracks
 */

export class Plan {
  /** @param {any} json */
  constructor(json) {
    /** @type {string} */ this.order = json.order;
    /** @type {number} */ this.revision = json.revision;
    /** @type {Definition[]} */ this.definitions = json.definitions;
    /** @type {number[]} */ this.definitionOf = json.steps.definition;
    /** @type {number[]} */ this.laneOf = json.steps.lane;
    /** @type {number[][]} */ this.before = json.steps.after.map(positions);
    /** @type {Drawing} */ this.drawing = json.drawing;
    /** @type {boolean} whether lanes of one shape can also be drawn one by one */
    this.hasSingleLanes = json.single_lanes;
    this.size = this.definitionOf.length;
    /** @type {Lane[]} */
    this.lanes = json.lanes.map((/** @type {string[]} */ [title, served, suffix]) => ({ title, served, suffix, isOneOfMany: false, steps: [] }));
    const titles = new Map();
    for (const { title } of this.lanes) titles.set(title, (titles.get(title) ?? 0) + 1);
    for (const lane of this.lanes) lane.isOneOfMany = titles.get(lane.title) > 1;
    /** @type {number[][]} */ this.followers = this.definitionOf.map(() => []);
    for (let at = 0; at < this.size; at++) {
      this.lanes[this.laneOf[at]].steps.push(at);
      for (const earlier of this.before[at]) this.followers[earlier].push(at);
    }
    /** @type {Matrix[]} */
    this.matrices = json.matrices.map((/** @type {any} */ matrix) => ({
      title: matrix.title,
      columns: matrix.columns,
      rows: matrix.rows.map((/** @type {[string, string, number[][]]} */ [id, title, cells]) => ({ id, title, cells, steps: cells.flat() })),
    }));
  }

  /** @param {number} at */
  definition(at) {
    return this.definitions[this.definitionOf[at]];
  }

  /** @param {number} at */
  id(at) {
    const { workstream, step } = this.definition(at);
    const { suffix } = this.lanes[this.laneOf[at]];
    return `${workstream}.${step}${suffix ? `@${suffix}` : ""}`;
  }
}

/** @param {number[]} gaps  ascending positions as differences */
function positions(gaps) {
  let last = 0;
  return gaps.map((gap) => (last += gap));
}
