// @ts-check
/** The arrows of a drawing, on one canvas as large as the window that shows it. Only what the window shows is drawn. */

import { BOX_HEIGHT, BOX_WIDTH } from "./geometry.js";

const BUCKET = 600, CORNER = 6, HEAD = 5, STUB = 20;

/** @typedef {{left: number, top: number, width: number, height: number}} Window */

export class Arrows {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** @type {import("./geometry.js").Geometry | null} */ this.geometry = null;
    /** @type {Map<number, import("./geometry.js").Route[]>} part of the height → routes that pass it */
    this.buckets = new Map();
    /** @type {Set<string>} `source-target` */ this.critical = new Set();
    /** @type {Set<number>} boxes whose arrows stand out */ this.active = new Set();
    this.colours = coloursOf(canvas);
  }

  /** The colours are those of the style sheet, which change with the scheme. */
  readColours() {
    this.colours = coloursOf(this.canvas);
  }

  /** @param {import("./geometry.js").Geometry} geometry @param {Set<string>} critical */
  show(geometry, critical) {
    this.geometry = geometry;
    this.critical = critical;
    this.buckets = new Map();
    for (const route of geometry.routes) {
      const ys = route.points.filter((_, at) => at % 2 === 1);
      for (let at = bucket(Math.min(...ys)); at <= bucket(Math.max(...ys)); at++) {
        const routes = this.buckets.get(at);
        if (routes) routes.push(route);
        else this.buckets.set(at, [route]);
      }
    }
  }

  /** @param {Window} view  what of the drawing is to be seen */
  draw(view) {
    const { context, geometry, canvas } = this, ratio = devicePixelRatio || 1;
    const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = `${view.width}px`;
      canvas.style.height = `${view.height}px`;
    }
    context.setTransform(ratio, 0, 0, ratio, -view.left * ratio, -view.top * ratio);
    context.clearRect(view.left, view.top, view.width, view.height);
    if (!geometry) return;
    const groups = { plain: /** @type {number[][]} */ ([]), critical: /** @type {number[][]} */ ([]), active: /** @type {number[][]} */ ([]) };
    for (const { source, target, points } of this.#visibleRoutes(view)) {
      const isActive = this.active.has(source) || this.active.has(target);
      groups[isActive ? "active" : this.critical.has(`${source}-${target}`) ? "critical" : "plain"].push(points);
    }
    for (const fan of geometry.fans) this.#fanLines(fan, view, groups);
    this.#stroke(groups.plain, this.colours.plain, 1.3);
    this.#stroke(groups.critical, this.colours.critical, 2.2);
    this.#stroke(groups.active, this.colours.active, 2.2);
    for (const fan of geometry.fans) this.#fanCount(fan, view);
  }

  /** @param {Window} view @returns {Set<import("./geometry.js").Route>} */
  #visibleRoutes(view) {
    const found = new Set();
    for (let at = bucket(view.top); at <= bucket(view.top + view.height); at++) {
      for (const route of this.buckets.get(at) ?? []) {
        const { points } = route;
        if (points[0] <= view.left + view.width && points[points.length - 2] >= view.left) found.add(route);
      }
    }
    return found;
  }

  /**
   * @param {import("./geometry.js").Fan} fan
   * @param {Window} view
   * @param {Record<"plain" | "critical" | "active", number[][]>} groups
   */
  #fanLines(fan, view, groups) {
    const geometry = /** @type {import("./geometry.js").Geometry} */ (this.geometry);
    const { hub, arriving, x } = fan, bottom = view.top + view.height;
    if (fan.bottom < view.top || fan.top > bottom) return;
    const isActive = this.active.has(hub);
    const trunk = [x, Math.max(fan.top, view.top - 20), x, Math.min(fan.bottom, bottom + 20)];
    groups[isActive ? "active" : "plain"].push([...trunk, NaN]);
    const hubY = geometry.y(hub) + BOX_HEIGHT / 2;
    const critical = fan.ends.some((end) => this.critical.has(arriving ? `${end}-${hub}` : `${hub}-${end}`));
    const hubGroup = isActive ? "active" : critical ? "critical" : "plain";
    if (arriving) groups[hubGroup].push([x, hubY, geometry.x(hub), hubY]);
    else groups[hubGroup].push([geometry.x(hub) + BOX_WIDTH, hubY, x, hubY, NaN]);
    for (const end of fan.ends) {
      const y = geometry.y(end) + BOX_HEIGHT / 2;
      if (y < view.top - 20 || y > bottom + 20) continue;
      const isFree = geometry.isRowFree(end, geometry.drawing.columns[hub]);
      const edge = arriving ? geometry.x(end) + BOX_WIDTH : geometry.x(end);
      const key = arriving ? `${end}-${hub}` : `${hub}-${end}`;
      const group = groups[isActive || this.active.has(end) ? "active" : this.critical.has(key) ? "critical" : "plain"];
      if (arriving) group.push(isFree ? [edge, y, x, y, NaN] : [edge, y, edge + STUB, y]);
      else group.push([isFree ? x : edge - STUB, y, edge, y]);
    }
  }

  /** How many arrows are drawn as one. @param {import("./geometry.js").Fan} fan @param {Window} view */
  #fanCount(fan, view) {
    const geometry = /** @type {import("./geometry.js").Geometry} */ (this.geometry), { context } = this;
    const y = geometry.y(fan.hub) + BOX_HEIGHT / 2;
    if (y < view.top - 20 || y > view.top + view.height + 20) return;
    const text = String(fan.ends.length);
    context.font = "600 10px system-ui, sans-serif";
    const width = context.measureText(text).width + 8, x = fan.x - width / 2;
    context.fillStyle = this.colours.paper;
    context.strokeStyle = this.colours.plain;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(x, y - 8, width, 16, 8);
    context.fill();
    context.stroke();
    context.fillStyle = this.colours.active;
    context.fillText(text, x + 4, y + 3.5);
  }

  /** Lines with a head, unless they end in NaN. @param {number[][]} lines @param {string} colour @param {number} width */
  #stroke(lines, colour, width) {
    if (!lines.length) return;
    const { context } = this;
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    for (const points of lines) trace(context, points);
    context.stroke();
    context.beginPath();
    for (const points of lines) {
      if (points.length % 2) continue;
      const x = points[points.length - 2], y = points[points.length - 1];
      context.moveTo(x, y);
      context.lineTo(x - HEAD - 1, y - HEAD + 1);
      context.lineTo(x - HEAD - 1, y + HEAD - 1);
      context.closePath();
    }
    context.fill();
  }
}

/** @param {HTMLElement} element */
function coloursOf(element) {
  const style = getComputedStyle(element);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--plan-${name}`).trim();
  return { plain: colour("arrow"), critical: colour("critical"), active: colour("active"), paper: colour("paper") };
}

/** @param {number} y */
function bucket(y) {
  return Math.floor(y / BUCKET);
}

/** @param {CanvasRenderingContext2D} context @param {number[]} points */
function trace(context, points) {
  const last = points.length - (points.length % 2) - 2;
  context.moveTo(points[0], points[1]);
  for (let at = 2; at < last; at += 2) {
    const [x, y, nextX, nextY] = [points[at], points[at + 1], points[at + 2], points[at + 3]];
    const room = Math.min(Math.abs(x - points[at - 2]) + Math.abs(y - points[at - 1]), Math.abs(nextX - x) + Math.abs(nextY - y));
    context.arcTo(x, y, nextX, nextY, Math.min(CORNER, room / 2));
  }
  context.lineTo(points[last] - (points.length % 2 ? 0 : 2), points[last + 1]);
}
