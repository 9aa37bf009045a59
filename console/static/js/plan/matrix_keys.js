// @ts-check
/** Where the keys lead in the tables of a plan. */

/** @typedef {import("./structure.js").MatrixRow} Row */

/**
 * @param {import("./matrix.js").MatrixView} view
 * @param {HTMLElement} link  the step that has the focus
 * @param {string} key
 * @returns {number | undefined} the next step; -1: there is none; undefined: the key means nothing here
 */
export function nextStep(view, link, key) {
  return view.shared.has(Number(link.dataset.step)) ? fromShared(view, link, key) : fromCell(view, link, key);
}

/** @param {import("./matrix.js").MatrixView} view @param {HTMLElement} link @param {string} key @returns {number | undefined} */
function fromShared(view, link, key) {
  const steps = [...view.shared], at = steps.indexOf(Number(link.dataset.step));
  if (key === "ArrowRight") return steps[at + 1] ?? -1;
  if (key === "ArrowLeft") return steps[at - 1] ?? -1;
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  const lanes = [...view.scroller.querySelectorAll(".plan-shared-lane")], lane = lanes.findIndex((each) => each.contains(link));
  const other = lanes[lane + (key === "ArrowDown" ? 1 : -1)]?.querySelector("[data-step]");
  if (other instanceof HTMLElement) return Number(other.dataset.step);
  return key === "ArrowDown" ? view.tables.find((table) => table.rows.length)?.rows[0].steps[0] ?? -1 : -1;
}

/** @param {import("./matrix.js").MatrixView} view @param {HTMLElement} link @param {string} key @returns {number | undefined} */
function fromCell(view, link, key) {
  const at = Number(link.dataset.step);
  const index = view.tables.findIndex((table) => table.rows.some((row) => row.steps.includes(at)));
  const table = view.tables[index];
  if (!table) return undefined;
  const rowAt = table.rows.findIndex((row) => row.steps.includes(at)), row = table.rows[rowAt];
  const column = row.cells.findIndex((cell) => cell.includes(at)), place = row.steps.indexOf(at);
  const inRow = (/** @type {Row | undefined} */ other) => other?.cells[column]?.[0] ?? other?.steps[0] ?? -1;
  switch (key) {
    case "ArrowRight": return row.steps[place + 1] ?? -1;
    case "ArrowLeft": return row.steps[place - 1] ?? -1;
    case "Home": return row.steps[0];
    case "End": return row.steps[row.steps.length - 1];
    case "ArrowDown": return inRow(table.rows[rowAt + 1] ?? view.tables[index + 1]?.rows[0]);
    case "ArrowUp":
      if (rowAt > 0) return inRow(table.rows[rowAt - 1]);
      return index > 0 ? inRow(view.tables[index - 1].rows.at(-1)) : [...view.shared].at(-1) ?? -1;
    case "PageDown": return inRow(table.rows[Math.min(rowAt + 15, table.rows.length - 1)]);
    case "PageUp": return inRow(table.rows[Math.max(rowAt - 15, 0)]);
    default: return undefined;
  }
}
