// @ts-check
/** The rows of a table that the window shows. The element of a row that has left the window is given to one that enters. */

import { countText } from "./boxes.js";
import { inReadingOrder, make, put, setText } from "./elements.js";
import { shortRemark } from "./words.js";

export const ROW_HEIGHT = 34;
const MAX_IN_CELL = 4;

/** @typedef {import("./structure.js").MatrixRow} Row */

export class TableRows {
  /**
   * @param {import("./scene.js").Scene} scene
   * @param {Row[]} rows  from top to bottom
   * @param {Map<number, HTMLElement>} links  step → its element, of all that is drawn; kept current here
   */
  constructor(scene, rows, links) {
    this.scene = scene;
    this.rows = rows;
    this.links = links;
    this.body = make("div", "plan-rows");
    this.body.setAttribute("role", "rowgroup");
    put(this.body, { height: rows.length * ROW_HEIGHT });
    /** @type {Map<number, HTMLElement>} place of a row → its element */ this.nodes = new Map();
  }

  /**
   * Shows the rows from `first` to before `last`. Others stay where they are until their elements are needed.
   *
   * @param {number} first
   * @param {number} last
   */
  show(first, last) {
    const focused = document.activeElement, free = [];
    for (const [at, node] of this.nodes) if ((at < first || at >= last) && !node.contains(focused)) free.push(at);
    for (let at = first; at < last; at++) if (!this.nodes.has(at)) this.#enter(at, free.pop());
    if (first >= last) for (const at of free) this.#remove(at);
  }

  /** @param {number} at @param {number | undefined} leaving  the place whose element it gets */
  #enter(at, leaving) {
    let node = leaving === undefined ? undefined : this.nodes.get(leaving);
    if (node && leaving !== undefined) this.#forget(leaving);
    else this.body.append((node = this.#newRow()));
    node.setAttribute("aria-rowindex", String(at + 2));
    node.style.transform = `translateY(${at * ROW_HEIGHT}px)`;
    this.nodes.set(at, node);
    this.#fill(node, this.rows[at]);
  }

  /** @param {number} at */
  #forget(at) {
    for (const step of this.rows[at].steps) this.links.delete(step);
    this.nodes.delete(at);
  }

  /** @param {number} at */
  #remove(at) {
    this.nodes.get(at)?.remove();
    this.#forget(at);
  }

  #newRow() {
    const name = make("span", "plan-lane-name"), title = make("div", "plan-cell plan-row-title", name, make("span", "plan-lane-lines"));
    name.dir = "auto";
    title.setAttribute("role", "rowheader");
    const cells = this.rows[0].cells.map(() => {
      const cell = make("div", "plan-cell");
      cell.setAttribute("role", "cell");
      return cell;
    });
    const node = make("div", "plan-row", title, ...cells);
    node.setAttribute("role", "row");
    return node;
  }

  /** @param {HTMLElement} node @param {Row} row */
  #fill(node, row) {
    setText(node.querySelector(".plan-lane-name"), row.title || row.id);
    row.cells.forEach((steps, column) => this.#fillCell(/** @type {HTMLElement} */ (node.children[column + 1]), steps));
    this.#paint(node, row);
  }

  /** @param {HTMLElement} cell @param {number[]} steps */
  #fillCell(cell, steps) {
    const { scene } = this, shown = steps.slice(0, MAX_IN_CELL), more = cell.querySelector(".plan-more");
    if (steps.length <= MAX_IN_CELL) more?.remove();
    while (cell.querySelectorAll("[data-step]").length > shown.length) cell.querySelector("[data-step]")?.remove();
    shown.forEach((at, place) => {
      let link = /** @type {HTMLElement | undefined} */ (cell.children[place]);
      if (!link?.dataset.step) cell.insertBefore((link = newDot(scene, at)), cell.children[place] ?? null);
      scene.lead(link, at);
      link.dataset.step = String(at);
      this.links.set(at, link);
    });
    if (steps.length <= MAX_IN_CELL) return;
    const text = `+${steps.length - MAX_IN_CELL}`;
    if (more) setText(more, text);
    else cell.append(make("span", "plan-more", text));
  }

  /** In place, so that what a person points at or has focused stays. @param {(at: number) => boolean} isChanged */
  update(isChanged) {
    for (const [at, node] of this.nodes) if (this.rows[at].steps.some(isChanged)) this.#paint(node, this.rows[at]);
  }

  /** @param {HTMLElement} node @param {Row} row */
  #paint(node, row) {
    const counts = this.scene.states.count(row.steps), done = counts.get("done") ?? 0;
    const title = /** @type {HTMLElement} */ (node.firstElementChild), place = `line ${row.id} ${row.title}`.trim();
    const told = `${row.title ? `${row.title}, ` : ""}line ${row.id}: ${countText(counts)}`;
    if (title.title !== told) title.title = told;
    setText(title.lastElementChild, `${row.title ? `${row.id} · ` : ""}${done}/${row.steps.length}`);
    for (const steps of row.cells) {
      for (const at of steps.slice(0, MAX_IN_CELL)) this.#paintDot(at, place, steps.length === 1);
    }
  }

  /** @param {number} at @param {string} place @param {boolean} isAlone */
  #paintDot(at, place, isAlone) {
    const { scene } = this, link = /** @type {HTMLElement} */ (this.links.get(at)), classes = `plan-dot ${scene.classes(at)}`;
    if (link.className !== classes) link.className = classes;
    const label = scene.label(at, place);
    if (link.getAttribute("aria-label") !== label) link.setAttribute("aria-label", label);
    const sign = /** @type {Text} */ (link.firstChild), text = scene.sign(at);
    if (sign.data !== text) sign.data = text;
    setText(link.lastElementChild, isAlone ? shortRemark(scene.states, at) : "");
  }

  /** As screen readers read them: from top to bottom. */
  sort() {
    inReadingOrder(this.body, [...this.nodes].sort(([one], [other]) => one - other).map(([, node]) => node));
  }
}

/** A step of a cell: its sign, then what there is room for. @param {import("./scene.js").Scene} scene @param {number} at */
function newDot(scene, at) {
  const link = scene.link("plan-dot", at);
  link.append(document.createTextNode(""), make("span", "plan-remark"));
  return link;
}
