// @ts-check
/** The order of a table's rows: the most urgent first, by all steps or by those of one column, or as in the order. */

import { CATEGORIES } from "./states.js";

/** @typedef {import("./structure.js").Matrix} Matrix */
/** @typedef {import("./structure.js").MatrixRow} Row */

/** @param {import("./scene.js").Scene} scene @param {Matrix} matrix @param {Row[]} rows */
export function sortRows(scene, matrix, rows) {
  const { sort } = scene.choices, { states, plan } = scene;
  if (sort === "line") return rows;
  const column = matrix.columns.findIndex((each) => `${plan.definitions[each].workstream}.${plan.definitions[each].step}` === sort);
  const urgency = (/** @type {Row} */ row) => {
    const steps = column >= 0 ? row.cells[column] : row.steps, urgent = states.mostUrgent(steps);
    if (urgent < 0) return 2 * CATEGORIES.length;
    const isLate = steps.some((at) => states.lateness(at) === "late");
    return CATEGORIES.indexOf(states.categories[urgent]) * 2 + (isLate ? 0 : 1);
  };
  return rows
    .map((row) => ({ row, key: urgency(row) }))
    .sort((one, other) => one.key - other.key)
    .map(({ row }) => row);
}
