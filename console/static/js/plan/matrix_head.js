// @ts-check
/** The head of a table: a button for each column, which sorts by it, with how far the column's steps are. */

import { countText } from "./boxes.js";
import { fillBar, kindSign, make } from "./elements.js";

/** @typedef {import("./structure.js").Matrix} Matrix */

export class TableHead {
  /** @param {import("./scene.js").Scene} scene @param {Matrix} matrix */
  constructor(scene, matrix) {
    const { sort } = scene.choices;
    this.scene = scene;
    this.matrix = matrix;
    /** @type {number[][]} */ this.steps = matrix.columns.map((_, at) => matrix.rows.flatMap((row) => row.cells[at]));
    const cells = matrix.columns.map((column) => {
      const { name, kind, final, workstream, step } = scene.plan.definitions[column], key = `${workstream}.${step}`;
      const button = make("button", "", kindSign(kind), make("span", "plan-name", name), make("span", "plan-bar"));
      return headCell(button, key, sort === key ? "descending" : "none", final ? "is-final" : "");
    });
    const line = headCell(make("button", "", make("span", "plan-name", "Line")), "line", sort === "line" ? "ascending" : "none", "plan-row-title");
    this.element = make("div", "plan-row plan-head", line, ...cells);
    this.element.setAttribute("role", "row");
    this.paint();
  }

  paint() {
    const { states, plan } = this.scene;
    this.matrix.columns.forEach((column, at) => {
      const { name, final } = plan.definitions[column], cell = /** @type {HTMLElement} */ (this.element.children[at + 1]);
      const steps = this.steps[at], counts = states.count(steps);
      const title = [name, countText(counts), final ? "Point of no return" : ""].filter(Boolean).join("\n");
      if (cell.title === title) return;
      cell.title = title;
      fillBar(/** @type {HTMLElement} */ (cell.querySelector(".plan-bar")), counts, steps.length);
    });
  }
}

/** @param {HTMLButtonElement} button @param {string} key @param {string} sorted @param {string} classes */
function headCell(button, key, sorted, classes) {
  button.type = "button";
  button.dataset.sort = key;
  const cell = make("div", `plan-cell ${classes}`, button);
  cell.setAttribute("role", "columnheader");
  cell.setAttribute("aria-sort", sorted);
  return cell;
}
