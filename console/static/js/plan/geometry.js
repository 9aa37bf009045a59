// @ts-check
/** Positions in pixels of a drawing that comes as columns, rows and tracks. What is not shown takes no room. */

export const BOX_WIDTH = 202, BOX_HEIGHT = 54;
const COLUMN_GAP = 38, ROW_GAP = 18, LANE_PADDING = 11, TRACK = 7, EDGE_SPACE = 13, MARGIN = 16;

/** @typedef {{source: number, target: number, points: number[]}} Route  points: x, y, x, y, … */
/**
 * @typedef {object} Fan  arrows that are drawn as one, because there are many at one side of a box
 * @property {number} hub  the box at which they meet
 * @property {boolean} arriving
 * @property {number[]} ends  the boxes at the other ends
 * @property {number} x  of the line that joins them
 * @property {number} top
 * @property {number} bottom
 */

export class Geometry {
  /**
   * @param {import("./structure.js").Drawing} drawing
   * @param {(box: number) => boolean} isShown
   */
  constructor(drawing, isShown) {
    this.drawing = drawing;
    const boxes = drawing.boxes.length;
    /** @type {boolean[]} */ this.shown = Array.from({ length: boxes }, (_, box) => isShown(box));
    /** @type {number[]} */ this.xs = [];
    this.width = this.height = 0;
    /** @type {Float64Array} the top of each row; NaN if nothing of it is shown */
    this.rowYs = new Float64Array(drawing.row_counts.reduce((sum, each) => sum + each, 0)).fill(NaN);
    /** @type {Float64Array} the middle of the gap above each row, and below the last */
    this.gapYs = new Float64Array(this.rowYs.length + 1);
    /** @type {{lane: number, y: number, height: number}[]} from top to bottom */
    this.lanes = [];
    this.#placeColumns();
    this.#placeRows();
    /** @type {Map<number, number[]>} row → the columns of its boxes, ascending */
    this.taken = this.#takenColumns();
    /** @type {Route[]} */ this.routes = [];
    for (const path of drawing.paths) {
      if (this.shown[path[0]] && this.shown[path[1]]) {
        this.routes.push({ source: path[0], target: path[1], points: this.#points(path) });
      }
    }
    this.fans = this.#fans();
  }

  /** @param {number} box */
  x(box) {
    return this.xs[this.drawing.columns[box]];
  }

  /** @param {number} box */
  y(box) {
    return this.rowYs[this.drawing.rows[box]];
  }

  /** @param {number} gap  that right of the column with this number */
  #columnGap(gap) {
    const tracks = this.drawing.column_tracks[gap] ?? 0;
    return Math.max(COLUMN_GAP, 2 * EDGE_SPACE + 6 + TRACK * Math.max(tracks - 1, 0));
  }

  #placeColumns() {
    const used = new Set(this.drawing.columns.filter((_, box) => this.shown[box]));
    let x = MARGIN;
    for (let column = 0; column <= Math.max(-1, ...used); column++) {
      this.xs.push(x);
      if (used.has(column)) x += BOX_WIDTH + this.#columnGap(column);
    }
    this.width = Math.max(x - COLUMN_GAP + 2 * MARGIN, 0);
  }

  #placeRows() {
    const { drawing, rowYs } = this, used = new Set(drawing.rows.filter((_, box) => this.shown[box]));
    let y = 0, row = 0;
    drawing.lane_order.forEach((lane, at) => {
      const top = y;
      let isFirst = true;
      for (let each = 0; each < drawing.row_counts[at]; each++, row++) {
        this.gapYs[row] = y + LANE_PADDING / 2;
        if (!used.has(row)) continue;
        const tracks = drawing.row_tracks[row] ?? 0;
        const gap = Math.max(isFirst ? LANE_PADDING : ROW_GAP, tracks ? TRACK * (tracks + 1) : 0);
        this.gapYs[row] = y + gap / 2;
        rowYs[row] = y + gap;
        y += gap + BOX_HEIGHT;
        isFirst = false;
      }
      if (y > top) {
        y += LANE_PADDING;
        this.lanes.push({ lane, y: top, height: y - top });
      }
    });
    this.gapYs[row] = y - LANE_PADDING / 2;
    this.height = y;
  }

  #takenColumns() {
    /** @type {Map<number, number[]>} */ const taken = new Map();
    this.drawing.rows.forEach((row, box) => {
      if (!this.shown[box]) return;
      const columns = taken.get(row);
      if (columns) columns.push(this.drawing.columns[box]);
      else taken.set(row, [this.drawing.columns[box]]);
    });
    return taken;
  }

  /** @param {number[]} path  see Drawing.paths */
  #points(path) {
    const [source, target] = path;
    const startX = this.x(source) + BOX_WIDTH, startY = this.y(source) + BOX_HEIGHT / 2;
    const endX = this.x(target), endY = this.y(target) + BOX_HEIGHT / 2;
    const points = [startX, startY];
    if (path.length >= 4) {
      const first = this.#turnX(path[2], path[3]);
      if (path.length < 8) points.push(first, startY, first, endY);
      else {
        const across = this.gapYs[path[4]] + this.#trackShift(path[5], this.drawing.row_tracks[path[4]] ?? 1);
        const second = this.#turnX(path[6], path[7]);
        points.push(first, startY, first, across, second, across, second, endY);
      }
    }
    points.push(endX, endY);
    return points;
  }

  /** @param {number} gap @param {number} track */
  #turnX(gap, track) {
    const isEmpty = this.xs[gap + 1] === this.xs[gap];
    const left = isEmpty ? this.xs[gap] - COLUMN_GAP : this.xs[gap] + BOX_WIDTH, width = this.#columnGap(gap);
    return left + width / 2 + this.#trackShift(track, this.drawing.column_tracks[gap] ?? 1);
  }

  /** @param {number} track @param {number} count */
  #trackShift(track, count) {
    return TRACK * (track - (count - 1) / 2);
  }

  /** Whether the row of a box is free on the way to a column. @param {number} box @param {number} column */
  isRowFree(box, column) {
    const here = this.drawing.columns[box], [low, high] = here < column ? [here, column] : [column, here];
    return !(this.taken.get(this.drawing.rows[box]) ?? []).some((each) => low < each && each < high);
  }

  /** @returns {Fan[]} */
  #fans() {
    /** @type {Map<number, number[]>} */ const arriving = new Map();
    /** @type {Map<number, number[]>} */ const leaving = new Map();
    const shown = this.drawing.fans.filter(([source, target]) => this.shown[source] && this.shown[target]);
    const incoming = countBy(shown.map((edge) => edge[1])), outgoing = countBy(shown.map((edge) => edge[0]));
    for (const [source, target] of shown) {
      if ((incoming.get(target) ?? 0) >= (outgoing.get(source) ?? 0)) push(arriving, target, source);
      else push(leaving, source, target);
    }
    const fan = (/** @type {number} */ hub, /** @type {number[]} */ ends, /** @type {boolean} */ isArriving) => {
      const ys = [hub, ...ends].map((box) => this.y(box) + BOX_HEIGHT / 2);
      const x = isArriving ? this.x(hub) - EDGE_SPACE : this.x(hub) + BOX_WIDTH + EDGE_SPACE;
      return { hub, arriving: isArriving, ends, x, top: Math.min(...ys), bottom: Math.max(...ys) };
    };
    return [
      ...[...arriving].map(([hub, ends]) => fan(hub, ends, true)),
      ...[...leaving].map(([hub, ends]) => fan(hub, ends, false)),
    ];
  }
}

/** @param {number[]} values */
function countBy(values) {
  /** @type {Map<number, number>} */ const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** @param {Map<number, number[]>} map @param {number} key @param {number} value */
function push(map, key, value) {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
