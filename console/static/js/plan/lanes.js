// @ts-check
/** Swimlanes: the steps that the window shows are elements, the arrows between them are on one canvas. */

import { Arrows } from "./arrows.js";
import { fillBox, newBox, newLane, paintBox, paintLane } from "./boxes.js";
import { inReadingOrder, make, put } from "./elements.js";
import { BOX_HEIGHT, BOX_WIDTH, Geometry } from "./geometry.js";
import { nextBox } from "./lane_keys.js";

const AROUND = 240, MAX_SPARE = 60, REST = 200;

/** @implements {View} @typedef {import("./scene.js").View} View */
export class LanesView {
  /**
   * @param {import("./scene.js").Scene} scene
   * @param {HTMLElement} scroller
   * @param {import("./structure.js").Drawing} drawing
   * @param {(definition: number) => void} openColumn  shows the steps of a box that stands for many
   */
  constructor(scene, scroller, drawing, openColumn) {
    this.scene = scene;
    this.scroller = scroller;
    this.drawing = drawing;
    this.openColumn = openColumn;
    this.canvas = make("canvas", "plan-arrows");
    this.canvas.setAttribute("aria-hidden", "true");
    this.titles = make("div", "plan-titles");
    this.bands = make("div", "plan-bands");
    this.steps = make("div", "plan-steps");
    this.sheet = make("div", "plan-sheet", this.canvas, this.bands, this.titles, this.steps);
    scroller.replaceChildren(this.sheet);
    this.arrows = new Arrows(this.canvas);
    /** @type {Map<number, HTMLElement>} */ this.nodes = new Map();
    /** @type {Map<number, {title: HTMLElement, band: HTMLElement}>} */ this.laneNodes = new Map();
    this.boxOf = new Int32Array(scene.plan.size);
    drawing.boxes.forEach((steps, box) => steps.forEach((at) => (this.boxOf[at] = box)));
    /** @type {number[][]} */ this.boxesOfLane = drawing.lanes.map(() => []);
    /** @type {number[]} */ this.laneOfBox = drawing.boxes.map(() => 0);
    this.#assignLanes();
    const [before, followers] = neighbours(drawing);
    /** @type {number[][]} */ this.before = before;
    /** @type {number[][]} */ this.followers = followers;
    this.current = 0;
    this.titleWidth = 0;
    this.size = { width: 0, height: 0 };
    /** @type {Geometry | null} */ this.geometry = null;
    this.frame = this.resting = 0;
    this.stop = new AbortController();
    this.#listen();
    this.layout();
  }

  #assignLanes() {
    const { drawing, scene } = this, laneOf = new Map();
    drawing.lanes.forEach((members, lane) => members.forEach((each) => laneOf.set(each, lane)));
    drawing.boxes.forEach((steps, box) => {
      this.laneOfBox[box] = laneOf.get(scene.plan.laneOf[steps[0]]);
      this.boxesOfLane[this.laneOfBox[box]].push(box);
    });
  }

  layout() {
    const { scene, drawing } = this, { kept } = scene;
    const geometry = this.geometry = new Geometry(drawing, (box) => !kept || drawing.boxes[box].some((at) => kept.has(at)));
    const pairs = scene.critical.slice(1).map((at, index) => `${this.boxOf[scene.critical[index]]}-${this.boxOf[at]}`);
    this.arrows.show(geometry, new Set(pairs));
    put(this.titles, { height: geometry.height });
    this.#measure();
    put(this.sheet, { width: geometry.width + this.titleWidth, height: geometry.height });
    this.sheet.setAttribute("aria-label", `${scene.plan.size.toLocaleString()} steps in lanes`);
    this.#clear();
    this.schedule();
  }

  /** @param {Set<number> | null} changed */
  update(changed) {
    for (const [box, node] of this.nodes) {
      const steps = this.drawing.boxes[box];
      if (!changed || steps.some((at) => changed.has(at))) paintBox(this.scene, node, steps);
    }
    for (const [lane, { title }] of this.laneNodes) this.#paintTitle(lane, title);
  }

  tick() {
    for (const [box, node] of this.nodes) {
      const steps = this.drawing.boxes[box];
      if (steps.length === 1 && this.scene.states.isOpen(steps[0])) paintBox(this.scene, node, steps);
    }
  }

  redraw() {
    this.arrows.readColours();
    this.#measure();
    this.schedule();
  }

  /** Reads sizes once for many frames: whoever reads one makes the browser lay everything out. */
  #measure() {
    const { scroller } = this;
    this.titleWidth = this.titles.offsetWidth;
    this.size = { width: scroller.clientWidth, height: scroller.clientHeight };
    this.canvas.style.marginBottom = `${-this.size.height}px`;
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.render();
    });
  }

  render() {
    const { geometry, scroller } = this, titles = this.titleWidth;
    if (!geometry) return;
    const view = { left: scroller.scrollLeft, top: scroller.scrollTop, ...this.size };
    const lanes = this.#lanesBetween(view.top - AROUND, view.top + view.height + AROUND);
    const boxes = new Set();
    for (const { lane } of lanes) {
      for (const box of this.boxesOfLane[lane]) {
        const x = geometry.x(box);
        if (geometry.shown[box] && x + BOX_WIDTH >= view.left - AROUND && x <= view.left + view.width + AROUND) boxes.add(box);
      }
    }
    this.#showLanes(lanes);
    this.#showBoxes(boxes);
    this.arrows.draw({ ...view, left: view.left - titles });
  }

  /** @param {number} top @param {number} bottom */
  #lanesBetween(top, bottom) {
    const lanes = /** @type {Geometry} */ (this.geometry).lanes;
    let low = 0, high = lanes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lanes[middle].y + lanes[middle].height < top) low = middle + 1;
      else high = middle;
    }
    const found = [];
    for (; low < lanes.length && lanes[low].y <= bottom; low++) found.push({ ...lanes[low], isOther: low % 2 === 1 });
    return found;
  }

  /** @param {{lane: number, y: number, height: number, isOther: boolean}[]} lanes */
  #showLanes(lanes) {
    const wanted = new Set(lanes.map(({ lane }) => lane)), spare = [...this.laneNodes.keys()].filter((lane) => !wanted.has(lane));
    for (const { lane, y, height, isOther } of lanes) {
      if (this.laneNodes.has(lane)) continue;
      const { title, band } = this.#takeLane(spare.pop());
      for (const node of [title, band]) {
        node.classList.toggle("is-other", isOther);
        put(node, { top: y, height });
      }
      this.#paintTitle(lane, title);
      this.laneNodes.set(lane, { title, band });
    }
  }

  /** The elements of a lane that has left the window, or new ones. @param {number} [spare] */
  #takeLane(spare) {
    const known = spare === undefined ? undefined : this.laneNodes.get(spare);
    if (spare !== undefined) this.laneNodes.delete(spare);
    if (known) return known;
    const title = newLane(), band = make("div", "plan-band");
    this.titles.append(title);
    this.bands.append(band);
    return { title, band };
  }

  /** @param {number} lane @param {HTMLElement} title */
  #paintTitle(lane, title) {
    paintLane(this.scene, title, this.drawing.lanes[lane]);
  }

  /** A box that has left the window stays where it is until its element is needed. @param {Set<number>} wanted */
  #showBoxes(wanted) {
    const spare = [];
    for (const [box, node] of this.nodes) {
      if (wanted.has(box) || node === document.activeElement) continue;
      if (this.#isOne(box) && spare.length < MAX_SPARE) spare.push(box);
      else this.#remove(box);
    }
    for (const box of wanted) if (!this.nodes.has(box)) this.#addBox(box, this.#isOne(box) ? spare.pop() : undefined);
    const [first] = wanted;
    const tabStop = wanted.has(this.current) ? this.current : first;
    this.#setTabStop(tabStop);
  }

  /** @param {number | undefined} stop  the box that the Tab key leads to */
  #setTabStop(stop) {
    for (const [box, node] of this.nodes) {
      const tabIndex = box === stop ? 0 : -1;
      if (node.tabIndex !== tabIndex) node.tabIndex = tabIndex;
    }
  }

  /** Whether a box is one step, not many of one shape. @param {number} box */
  #isOne(box) {
    return this.drawing.boxes[box].length === 1;
  }

  /** @param {number} box @param {number} [spare]  the box whose element it gets */
  #addBox(box, spare) {
    const geometry = /** @type {Geometry} */ (this.geometry), steps = this.drawing.boxes[box];
    let node = spare === undefined ? undefined : this.nodes.get(spare);
    if (spare !== undefined) this.nodes.delete(spare);
    if (!node) this.steps.append((node = newBox(this.scene, steps)));
    else if (this.arrows.active.size) node.classList.remove("is-near");
    node.dataset.box = String(box);
    put(node, { left: geometry.x(box) + this.titleWidth, top: geometry.y(box), width: BOX_WIDTH, height: BOX_HEIGHT });
    fillBox(this.scene, node, steps);
    paintBox(this.scene, node, steps);
    this.nodes.set(box, node);
    return node;
  }

  /** @param {number} box */
  #remove(box) {
    this.nodes.get(box)?.remove();
    this.nodes.delete(box);
  }

  /** As screen readers read them: from top to bottom. */
  #sort() {
    const geometry = /** @type {Geometry} */ (this.geometry);
    const boxes = [...this.nodes].sort(([one], [other]) => geometry.y(one) - geometry.y(other) || geometry.x(one) - geometry.x(other));
    inReadingOrder(this.steps, boxes.map(([, node]) => node));
  }

  #clear() {
    for (const node of this.nodes.values()) node.remove();
    for (const { title, band } of this.laneNodes.values()) {
      title.remove();
      band.remove();
    }
    this.nodes.clear();
    this.laneNodes.clear();
  }

  #listen() {
    const { signal } = this.stop;
    this.scroller.addEventListener("scroll", () => {
      this.scene.hideCard();
      this.schedule();
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.#sort(), REST);
    }, { signal, passive: true });
    this.steps.addEventListener("pointerover", (event) => this.#activate(this.#boxAt(event.target)), { signal });
    this.steps.addEventListener("pointerleave", () => this.#activate(-1), { signal });
    this.steps.addEventListener("focusin", (event) => {
      const box = this.#boxAt(event.target);
      if (box < 0) return;
      this.current = box;
      this.#setTabStop(box);
      this.#activate(box);
    }, { signal });
    this.steps.addEventListener("focusout", () => this.#activate(-1), { signal });
    this.steps.addEventListener("click", (event) => {
      const box = this.#boxAt(event.target);
      if (box >= 0 && this.drawing.boxes[box].length > 1) this.openColumn(this.scene.plan.definitionOf[this.drawing.boxes[box][0]]);
    }, { signal });
    this.steps.addEventListener("keydown", (event) => this.#onKey(event), { signal });
  }

  /** @param {EventTarget | null} target */
  #boxAt(target) {
    const node = target instanceof Element ? target.closest(".plan-step") : null;
    return node instanceof HTMLElement ? Number(node.dataset.box) : -1;
  }

  /** Lets a box, its arrows and its neighbours stand out. @param {number} box  -1: none */
  #activate(box) {
    if (this.arrows.active.has(box) || (box < 0 && !this.arrows.active.size)) return;
    this.arrows.active = new Set(box < 0 ? [] : [box]);
    const near = new Set(box < 0 ? [] : [...this.before[box], ...this.followers[box]]);
    for (const [each, node] of this.nodes) node.classList.toggle("is-near", near.has(each));
    const node = this.nodes.get(box);
    if (node) this.scene.showCard(this.drawing.boxes[box], node);
    else this.scene.hideCard();
    this.schedule();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const box = this.#boxAt(event.target);
    if (box < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = nextBox(this, box, event.key);
    if (next === undefined) return;
    event.preventDefault();
    if (next >= 0) this.#focusBox(next);
  }

  /** @param {number} box */
  #focusBox(box) {
    const geometry = /** @type {Geometry} */ (this.geometry), { scroller } = this, titles = this.titleWidth;
    const x = geometry.x(box), y = geometry.y(box), margin = 24;
    const left = scroller.scrollLeft, right = left + scroller.clientWidth - titles;
    if (x < left + margin) scroller.scrollLeft = x - margin;
    else if (x + BOX_WIDTH > right - margin) scroller.scrollLeft = x + BOX_WIDTH + margin - scroller.clientWidth + titles;
    if (y < scroller.scrollTop + margin) scroller.scrollTop = y - margin;
    else if (y + BOX_HEIGHT > scroller.scrollTop + scroller.clientHeight - margin) scroller.scrollTop = y + BOX_HEIGHT + margin - scroller.clientHeight;
    this.current = box;
    this.render();
    const node = this.nodes.get(box) ?? this.#addBox(box);
    node.focus({ preventScroll: true });
  }

  /** Scrolls to a step unless it is to be seen already. @param {number} at */
  reveal(at) {
    const geometry = /** @type {Geometry} */ (this.geometry), { scroller } = this, box = this.boxOf[at];
    if (!geometry.shown[box]) return;
    const x = geometry.x(box), y = geometry.y(box), room = scroller.clientWidth - this.titleWidth;
    if (x + BOX_WIDTH > scroller.scrollLeft + room) scroller.scrollLeft = x + BOX_WIDTH / 2 - room / 2;
    if (y + BOX_HEIGHT > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = y + BOX_HEIGHT / 2 - scroller.clientHeight / 2;
  }

  /** @param {number} at */
  focusStep(at) {
    const box = this.boxOf[at];
    if (this.geometry?.shown[box]) this.#focusBox(box);
  }

  places() {
    const geometry = /** @type {Geometry} */ (this.geometry), places = [];
    for (let at = 0; at < this.boxOf.length; at++) {
      const box = this.boxOf[at];
      if (geometry.shown[box]) places.push({ at, y: geometry.y(box) + BOX_HEIGHT / 2 });
    }
    return places;
  }

  close() {
    this.stop.abort();
    clearTimeout(this.resting);
    cancelAnimationFrame(this.frame);
    this.scroller.replaceChildren();
  }
}

/** @param {import("./structure.js").Drawing} drawing @returns {[number[][], number[][]]} */
function neighbours(drawing) {
  /** @type {number[][]} */ const before = drawing.boxes.map(() => []);
  /** @type {number[][]} */ const followers = drawing.boxes.map(() => []);
  for (const [source, target] of [...drawing.paths, ...drawing.fans]) {
    before[target].push(source);
    followers[source].push(target);
  }
  return [before, followers];
}
