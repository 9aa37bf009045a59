// @ts-check
/** Lines with the same steps as tables: a row for each line, a column for each step. Only rows in the window exist. */

import { countText } from "./boxes.js";
import { fillBar, kindSign, make, put, setText } from "./elements.js";
import { nextStep } from "./matrix_keys.js";
import { sortRows } from "./row_order.js";
import { remark, shortRemark } from "./words.js";

export const ROW_HEIGHT = 34;
const ROWS_AROUND = 6, MAX_IN_CELL = 4, MAX_SHARED_LANES = 40;

/** @typedef {import("./structure.js").Matrix} Matrix */
/** @typedef {import("./structure.js").MatrixRow} Row */
/** @typedef {{matrix: Matrix, rows: Row[], section: HTMLElement, body: HTMLElement, head: HTMLElement, nodes: Map<Row, HTMLElement>}} Table */

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
    /** @type {Map<number, HTMLElement>} the elements of steps outside of tables */ this.shared = new Map();
    this.current = -1;
    /** @type {HTMLElement | null} the step that the Tab key leads to */ this.tabStop = null;
    this.frame = 0;
    this.stop = new AbortController();
    this.#listen();
    this.layout();
  }

  layout() {
    const { scene } = this;
    this.tables = [];
    this.shared.clear();
    const sheet = make("div", "plan-tables", this.#sharedLanes());
    for (const matrix of scene.plan.matrices) {
      const rows = sortRows(scene, matrix, matrix.rows.filter((row) => this.#isShown(row)));
      const table = this.#newTable(matrix, rows);
      sheet.append(table.section);
      this.tables.push(table);
    }
    this.scroller.replaceChildren(sheet);
    this.#fitTitles();
    this.render();
  }

  /** Titles stay at the left only where tables are wider than the window: it costs frames while one scrolls. */
  #fitTitles() {
    const { scroller } = this, isWide = scroller.scrollWidth > scroller.clientWidth + 1;
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
    this.shared.set(at, link);
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
    const head = make("div", "plan-row plan-head"), body = make("div", "plan-rows");
    head.setAttribute("role", "row");
    put(body, { height: rows.length * ROW_HEIGHT });
    const grid = make("div", "plan-matrix", head, body);
    grid.setAttribute("role", "table");
    grid.setAttribute("aria-label", `${matrix.title}: ${size}`);
    grid.setAttribute("aria-rowcount", String(rows.length + 1));
    grid.style.setProperty("--columns", String(matrix.columns.length));
    body.setAttribute("role", "rowgroup");
    const table = { matrix, rows, section: make("section", "plan-table", title, grid), body, head, nodes: new Map() };
    this.#fillHead(table);
    return table;
  }

  /** @param {Table} table */
  #fillHead(table) {
    const { matrix, head } = table, { scene } = this, { sort } = scene.choices;
    const cells = [this.#headCell("line", "Line", sort === "line" ? "ascending" : "none", "plan-row-title", [])];
    for (const column of matrix.columns) {
      const { name, kind, final, workstream, step } = scene.plan.definitions[column], key = `${workstream}.${step}`;
      const signs = [kindSign(kind), make("span", "plan-bar")];
      cells.push(this.#headCell(key, name, sort === key ? "descending" : "none", final ? "is-final" : "", signs));
    }
    head.replaceChildren(...cells);
    this.#paintHead(table);
  }

  /** @param {Table} table */
  #paintHead({ matrix, head }) {
    const { states, plan } = this.scene;
    matrix.columns.forEach((column, at) => {
      const { name, final } = plan.definitions[column], cell = /** @type {HTMLElement} */ (head.children[at + 1]);
      const steps = matrix.rows.flatMap((row) => row.cells[at]), counts = states.count(steps);
      const title = [name, countText(counts), final ? "Point of no return" : ""].filter(Boolean).join("\n");
      if (cell.title === title) return;
      cell.title = title;
      fillBar(/** @type {HTMLElement} */ (cell.querySelector(".plan-bar")), counts, steps.length);
    });
  }

  /** @param {string} key @param {string} name @param {string} sorted @param {string} classes @param {Node[]} signs */
  #headCell(key, name, sorted, classes, signs) {
    const button = make("button", "", ...signs.slice(0, 1), make("span", "plan-name", name), ...signs.slice(1));
    button.type = "button";
    button.dataset.sort = key;
    const cell = make("div", `plan-cell ${classes}`, button);
    cell.setAttribute("role", "columnheader");
    cell.setAttribute("aria-sort", sorted);
    return cell;
  }

  /** @param {Set<number> | null} changed */
  update(changed) {
    for (const [at, link] of this.shared) if (!changed || changed.has(at)) this.#paintShared(link, at);
    for (const table of this.tables) {
      for (const [row, node] of table.nodes) {
        if (!changed || row.steps.some((at) => changed.has(at))) this.#paintRow(row, node);
      }
      this.#paintHead(table);
    }
  }

  redraw() {
    this.#fitTitles();
    this.render();
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.render();
    });
  }

  render() {
    const frame = this.scroller.getBoundingClientRect();
    for (const table of this.tables) {
      const top = frame.top - table.body.getBoundingClientRect().top;
      const first = Math.max(Math.floor(top / ROW_HEIGHT) - ROWS_AROUND, 0);
      const last = Math.min(Math.ceil((top + frame.height) / ROW_HEIGHT) + ROWS_AROUND, table.rows.length);
      const wanted = new Set(table.rows.slice(first, Math.max(last, first)));
      for (const [row, node] of table.nodes) {
        if (wanted.has(row) || node.contains(document.activeElement)) continue;
        node.remove();
        table.nodes.delete(row);
      }
      for (let at = first; at < last; at++) if (!table.nodes.has(table.rows[at])) this.#addRow(table, at);
    }
    this.#setTabStop();
  }

  /** @param {Table} table @param {number} at */
  #addRow(table, at) {
    const node = make("div", "plan-row"), row = table.rows[at];
    node.setAttribute("role", "row");
    node.setAttribute("aria-rowindex", String(at + 2));
    put(node, { top: at * ROW_HEIGHT });
    this.#fillRow(row, node);
    table.body.append(node);
    table.nodes.set(row, node);
  }

  /** @param {Row} row @param {HTMLElement} node */
  #fillRow(row, node) {
    const name = make("span", "plan-lane-name", row.title || row.id);
    name.dir = "auto";
    const title = make("div", "plan-cell plan-row-title", name, make("span", "plan-lane-lines"));
    title.setAttribute("role", "rowheader");
    const cells = row.cells.map((steps) => {
      const cell = make("div", "plan-cell");
      cell.setAttribute("role", "cell");
      cell.append(...steps.slice(0, MAX_IN_CELL).map((at) => this.#cellStep(at, steps.length === 1)));
      if (steps.length > MAX_IN_CELL) cell.append(make("span", "plan-more", `+${steps.length - MAX_IN_CELL}`));
      return cell;
    });
    node.replaceChildren(title, ...cells);
    this.#paintRow(row, node);
  }

  /** In place, so that what a person points at or has focused stays. @param {Row} row @param {HTMLElement} node */
  #paintRow(row, node) {
    const { scene } = this, counts = scene.states.count(row.steps), done = counts.get("done") ?? 0;
    const title = /** @type {HTMLElement} */ (node.querySelector(".plan-row-title"));
    title.title = `${row.title ? `${row.title}, ` : ""}line ${row.id}: ${countText(counts)}`;
    setText(title.querySelector(".plan-lane-lines"), `${row.title ? `${row.id} · ` : ""}${done}/${row.steps.length}`);
    for (const link of /** @type {NodeListOf<HTMLElement>} */ (node.querySelectorAll("[data-step]"))) {
      const at = Number(link.dataset.step), classes = `plan-dot ${scene.classes(at)}`;
      if (link.className !== classes) link.className = classes;
      link.setAttribute("aria-label", scene.label(at, `line ${row.id} ${row.title}`.trim()));
      setText(link.querySelector(".plan-sign"), scene.sign(at));
      setText(link.querySelector(".plan-remark"), shortRemark(scene.states, at));
    }
  }

  /** @param {number} at @param {boolean} isAlone */
  #cellStep(at, isAlone) {
    const link = this.scene.link("plan-dot", at);
    link.dataset.step = String(at);
    link.append(make("span", "plan-sign"));
    if (isAlone) link.append(make("span", "plan-remark"));
    return link;
  }

  #setTabStop() {
    const current = this.current < 0 ? null : this.scroller.querySelector(`[data-step="${this.current}"]`);
    const stop = current ?? (this.tabStop?.isConnected ? this.tabStop : this.scroller.querySelector("[data-step]"));
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
      const frame = scroller.getBoundingClientRect(), head = table.head.offsetHeight;
      const y = table.body.getBoundingClientRect().top - frame.top + row * ROW_HEIGHT;
      if (y < head) scroller.scrollTop += y - head - ROW_HEIGHT;
      else if (y + ROW_HEIGHT > frame.height) scroller.scrollTop += y + 2 * ROW_HEIGHT - frame.height;
      this.render();
    }
    const link = this.scroller.querySelector(`[data-step="${at}"]`);
    if (!(link instanceof HTMLElement)) return;
    link.focus({ preventScroll: true });
    showAside(this.scroller, link);
    if (!table) link.scrollIntoView({ block: "nearest" });
  }

  places() {
    const { scroller } = this, frame = scroller.getBoundingClientRect().top - scroller.scrollTop, places = [];
    for (const table of this.tables) {
      const top = table.body.getBoundingClientRect().top - frame;
      table.rows.forEach((row, index) => {
        for (const at of row.steps) places.push({ at, y: top + (index + 0.5) * ROW_HEIGHT });
      });
    }
    for (const [at, link] of this.shared) places.push({ at, y: link.getBoundingClientRect().top - frame });
    return places;
  }

  close() {
    this.stop.abort();
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
