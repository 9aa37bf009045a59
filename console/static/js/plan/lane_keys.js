// @ts-check
/** Where the keys lead in the lanes of a plan. */

/** @typedef {import("./lanes.js").LanesView} LanesView */

/**
 * @param {LanesView} view
 * @param {number} box  that has the focus
 * @param {string} key
 * @returns {number | undefined} the next box; -1: there is none; undefined: the key means nothing here
 */
export function nextBox(view, box, key) {
  switch (key) {
    case "ArrowRight": return nearest(view, box, view.followers[box]);
    case "ArrowLeft": return nearest(view, box, view.before[box]);
    case "ArrowDown": return vertical(view, box, 1);
    case "ArrowUp": return vertical(view, box, -1);
    default: return undefined;
  }
}

/** The shown box of `boxes` whose row is nearest to that of `box`. @param {LanesView} view @param {number} box @param {number[]} boxes */
function nearest({ drawing, geometry }, box, boxes) {
  const { rows } = drawing, shown = boxes.filter((each) => geometry?.shown[each]);
  return shown.length ? shown.reduce((best, each) => (Math.abs(rows[each] - rows[box]) < Math.abs(rows[best] - rows[box]) ? each : best)) : -1;
}

/** The box above or below that stands closest. @param {LanesView} view @param {number} box @param {1 | -1} direction */
function vertical({ drawing, geometry }, box, direction) {
  if (!geometry) return -1;
  const x = geometry.x(box), y = geometry.y(box);
  let best = -1, bestY = Infinity, bestX = Infinity;
  for (let each = 0; each < drawing.boxes.length; each++) {
    if (!geometry.shown[each]) continue;
    const down = (geometry.y(each) - y) * direction, aside = Math.abs(geometry.x(each) - x);
    if (down > 0 && (down < bestY || (down === bestY && aside < bestX))) [best, bestY, bestX] = [each, down, aside];
  }
  return best;
}
