// @ts-check
/** Lines with the same steps as tables: a row for each line, a column for each step. Only rows in the window exist. */

import { kindSign, make, setText } from "./elements.js";
import { TableHead } from "./matrix_head.js";
import { nextStep } from "./matrix_keys.js";
import { ROW_HEIGHT, TableRows } from "./matrix_rows.js";
import { sortRows } from "./row_order.js";
import { remark } from "./words.js";

const ROWS_AROUND = 6, MAX_SHARED_LANES = 40, REST = 200;

/** @typedef {import("./structure.js").Matrix} Matrix */
/** @typedef {import("./structure.js").MatrixRow} Row */
/**
 * @typedef {object} Table
 * @property {Row[]} rows  those that are shown, from top to bottom
 * @property {HTMLElement} section
 * @property {TableHead} head
 * @property {TableRows} drawn  the rows in the window
 * @property {number} top  of the rows in all that is scrolled
 */

/** @implements {View} @typedef {import("./scene.js").View} View */
export class MatrixView {
  /**
   * @param {import("./scene.js").Scene} scene
   * @param {HTMLElement} scroller
   * @param {(sort: string) => void} sortBy
   */
  constructor(scene, scroller, sortBy) {
    this.scene = scene;
    this.scroller = scroller;
    this.sortBy = sortBy;
    /** @type {Table[]} */ this.tables = [];
    /** @type {Set<number>} steps outside of tables */ this.shared = new Set();
    /** @type {Map<number, HTMLElement>} step → its element, of all that is drawn */ this.links = new Map();
    this.height = 0;
    this.current = -1;
    /** @type {HTMLElement | null} the step that the Tab key leads to */ this.tabStop = null;
    this.frame = this.resting = 0;
    this.stop = new AbortController();
    this.moved = new ResizeObserver(() => this.redraw());
    this.#listen();
    this.layout();
  }

  layout() {
    const { scene } = this;
    this.tables = [];
    this.shared.clear();
    this.links.clear();
    const sheet = make("div", "plan-tables", this.#sharedLanes());
    for (const matrix of scene.plan.matrices) {
      const rows = sortRows(scene, matrix, matrix.rows.filter((row) => this.#isShown(row)));
      const table = this.#newTable(matrix, rows);
      sheet.append(table.section);
      this.tables.push(table);
    }
    this.scroller.replaceChildren(sheet);
    this.moved.disconnect();
    this.moved.observe(sheet);
    this.redraw();
  }

  /** Reads where the tables are, once for many frames: whoever reads a place makes the browser lay everything out. */
  #measure() {
    const { scroller } = this, origin = scroller.getBoundingClientRect().top - scroller.scrollTop;
    this.height = scroller.clientHeight;
    for (const table of this.tables) table.top = table.drawn.body.getBoundingClientRect().top - origin;
    const isWide = scroller.scrollWidth > scroller.clientWidth + 1;
    // Titles stay at the left only where tables are wider than the window: it costs frames while one scrolls.
    for (const { section } of this.tables) section.classList.toggle("is-wide", isWide);
  }

  /** @param {Row} row */
  #isShown(row) {
    const { matches, kept } = this.scene;
    return (!matches || row.steps.some((at) => matches.has(at))) && (!kept || row.steps.some((at) => kept.has(at)));
  }

  /** Steps of no table, lane by lane. */
  #sharedLanes() {
    const { plan, matches, kept } = this.scene, inTable = new Set(plan.matrices.flatMap((each) => each.rows.flatMap((row) => row.steps)));
    const isShown = (/** @type {number} */ at) => !inTable.has(at) && (!matches || matches.has(at)) && (!kept || kept.has(at));
    const lanes = plan.lanes.filter((lane) => lane.steps.some(isShown));
    const section = make("section", "plan-shared");
    if (!lanes.length) return section;
    section.append(make("h3", "", plan.matrices.length ? "Steps of the whole order" : "Steps"));
    for (const lane of lanes.slice(0, MAX_SHARED_LANES)) {
      const list = make("ul", "", ...lane.steps.filter(isShown).map((at) => make("li", "", this.#sharedStep(at))));
      section.append(make("div", "plan-shared-lane", make("span", "plan-lane-name", lane.title), list));
    }
    if (lanes.length > MAX_SHARED_LANES) {
      section.append(make("p", "plan-more", `${(lanes.length - MAX_SHARED_LANES).toLocaleString()} more lanes: see Lanes.`));
    }
    return section;
  }

  /** @param {number} at */
  #sharedStep(at) {
    const link = this.scene.link("plan-chip", at);
    link.dataset.step = String(at);
    link.append(kindSign(this.scene.plan.definition(at).kind), make("span", "plan-name", this.scene.plan.definition(at).name), make("span", "plan-sign"), make("span", "plan-remark"));
    this.#paintShared(link, at);
    this.shared.add(at);
    this.links.set(at, link);
    return link;
  }

  /** @param {HTMLElement} link @param {number} at */
  #paintShared(link, at) {
    const { scene } = this;
    link.className = `plan-chip ${scene.classes(at)}`;
    setText(link.querySelector(".plan-sign"), scene.sign(at));
    setText(link.querySelector(".plan-remark"), remark(scene.states, at, scene.plan.definition(at).kind).text);
    link.setAttribute("aria-label", scene.label(at));
  }

  /** @param {Matrix} matrix @param {Row[]} rows @returns {Table} */
  #newTable(matrix, rows) {
    const count = rows.length === matrix.rows.length ? "" : `${rows.length.toLocaleString()} of `;
    const size = `${count}${matrix.rows.length.toLocaleString()} lines × ${matrix.columns.length} steps`;
    const title = make("h3", "", `${matrix.title} `, make("small", "", size));
    const head = new TableHead(this.scene, matrix), drawn = new TableRows(this.scene, rows, this.links);
    const grid = make("div", "plan-matrix", head.element, drawn.body);
    grid.setAttribute("role", "table");
    grid.setAttribute("aria-label", `${matrix.title}: ${size}`);
    grid.setAttribute("aria-rowcount", String(rows.length + 1));
    grid.style.setProperty("--columns", String(matrix.columns.length));
    return { rows, section: make("section", "plan-table", title, grid), head, drawn, top: 0 };
  }

  /** @param {Set<number> | null} changed */
  update(changed) {
    this.#repaint((at) => !changed || changed.has(at));
    for (const { head } of this.tables) head.paint();
  }

  tick() {
    this.#repaint((at) => this.scene.states.isOpen(at));
  }

  /** @param {(at: number) => boolean} isChanged */
  #repaint(isChanged) {
    for (const at of this.shared) if (isChanged(at)) this.#paintShared(/** @type {HTMLElement} */ (this.links.get(at)), at);
    for (const { drawn } of this.tables) drawn.update(isChanged);
  }

  redraw() {
    this.#measure();
    this.render();
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.render();
    });
  }

  render() {
    const top = this.scroller.scrollTop;
    for (const { rows, drawn, top: tableTop } of this.tables) {
      const first = Math.max(Math.floor((top - tableTop) / ROW_HEIGHT) - ROWS_AROUND, 0);
      const last = Math.min(Math.ceil((top - tableTop + this.height) / ROW_HEIGHT) + ROWS_AROUND, rows.length);
      drawn.show(first, last);
    }
    this.#setTabStop();
  }

  #setTabStop() {
    const stop = this.links.get(this.current) ?? (this.tabStop?.isConnected ? this.tabStop : this.scroller.querySelector("[data-step]"));
    if (!(stop instanceof HTMLElement) || stop === this.tabStop) return;
    if (this.tabStop) this.tabStop.tabIndex = -1;
    stop.tabIndex = 0;
    this.tabStop = stop;
  }

  #listen() {
    const { signal } = this.stop, { scroller } = this;
    scroller.addEventListener("scroll", () => {
      this.scene.hideCard();
      this.schedule();
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.tables.forEach(({ drawn }) => drawn.sort()), REST);
    }, { signal, passive: true });
    scroller.addEventListener("pointerover", (event) => this.#point(event.target), { signal });
    scroller.addEventListener("pointerleave", () => this.scene.hideCard(), { signal });
    scroller.addEventListener("focusin", (event) => {
      const link = stepLink(event.target);
      if (link) this.current = Number(link.dataset.step);
      this.#setTabStop();
      this.#point(event.target);
    }, { signal });
    scroller.addEventListener("focusout", () => this.scene.hideCard(), { signal });
    scroller.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("[data-sort]") : null;
      if (!(button instanceof HTMLElement)) return;
      const key = button.dataset.sort ?? "";
      this.sortBy(this.scene.choices.sort === key ? "urgent" : key);
    }, { signal });
    scroller.addEventListener("keydown", (event) => this.#onKey(event), { signal });
  }

  /** @param {EventTarget | null} target */
  #point(target) {
    const link = stepLink(target);
    if (link) this.scene.showCard([Number(link.dataset.step)], link);
    else this.scene.hideCard();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const link = stepLink(event.target);
    if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = nextStep(this, link, event.key);
    if (next === undefined) return;
    event.preventDefault();
    if (next >= 0) this.focusStep(next);
  }

  /** Urgent lines come first, so nothing needs to be scrolled to. */
  reveal() {}

  /** @param {number} at */
  focusStep(at) {
    this.current = at;
    const table = this.tables.find((each) => each.rows.some((row) => row.steps.includes(at)));
    if (table) {
      const row = table.rows.findIndex((each) => each.steps.includes(at)), { scroller } = this;
      const head = table.head.element.offsetHeight, y = table.top - scroller.scrollTop + row * ROW_HEIGHT;
      if (y < head) scroller.scrollTop += y - head - ROW_HEIGHT;
      else if (y + ROW_HEIGHT > this.height) scroller.scrollTop += y + 2 * ROW_HEIGHT - this.height;
      this.render();
    }
    const link = this.links.get(at);
    if (!link) return;
    link.focus({ preventScroll: true });
    showAside(this.scroller, link);
    if (!table) link.scrollIntoView({ block: "nearest" });
  }

  places() {
    const { scroller } = this, frame = scroller.getBoundingClientRect().top - scroller.scrollTop, places = [];
    for (const { rows, top } of this.tables) {
      rows.forEach((row, index) => {
        for (const at of row.steps) places.push({ at, y: top + (index + 0.5) * ROW_HEIGHT });
      });
    }
    for (const at of this.shared) places.push({ at, y: /** @type {HTMLElement} */ (this.links.get(at)).getBoundingClientRect().top - frame });
    return places;
  }

  close() {
    this.stop.abort();
    this.moved.disconnect();
    clearTimeout(this.resting);
    cancelAnimationFrame(this.frame);
    this.scroller.replaceChildren();
  }
}

/** @param {EventTarget | null} target */
function stepLink(target) {
  const link = target instanceof Element ? target.closest("[data-step]") : null;
  return link instanceof HTMLElement ? link : null;
}

/** Scrolls sideways until the link is beside the titles. @param {HTMLElement} scroller @param {HTMLElement} link */
function showAside(scroller, link) {
  const frame = scroller.getBoundingClientRect(), place = link.getBoundingClientRect();
  const title = scroller.querySelector(".plan-row-title");
  const left = frame.left + (title instanceof HTMLElement ? title.offsetWidth : 0);
  if (place.left < left) scroller.scrollLeft += place.left - left - 8;
  else if (place.right > frame.right) scroller.scrollLeft += place.right - frame.right + 8;
}
