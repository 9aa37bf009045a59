// @ts-check
/** Elements for what a plan consists of. */

const SVG = "http://www.w3.org/2000/svg";
const SHOWN_IN_BARS = ["done", "undo", "running", "retrying", "held", "fallout"];

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} classes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, classes = "", ...children) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  element.append(...children);
  return element;
}

/** The sign of a kind of step. @param {string} kind */
export function kindSign(kind) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "use"));
  setKind(svg, kind);
  return svg;
}

/** @param {Element} svg  made by kindSign @param {string} kind */
export function setKind(svg, kind) {
  const classes = `plan-kind k-${kind}`;
  if (svg.getAttribute("class") === classes) return;
  svg.setAttribute("class", classes);
  svg.firstElementChild?.setAttribute("href", `#k-${kind}`);
}

/**
 * Puts elements into this order, in which screen readers read them. The one with the focus stays in place.
 *
 * @param {HTMLElement} parent
 * @param {HTMLElement[]} nodes  all of its children
 */
export function inReadingOrder(parent, nodes) {
  const kept = nodes.findIndex((node) => node.contains(document.activeElement));
  const placeAll = (/** @type {HTMLElement[]} */ some, /** @type {Element | null} */ next) => {
    for (const node of some.reverse()) {
      if (node.nextElementSibling !== next) parent.insertBefore(node, next);
      next = node;
    }
  };
  if (kept > 0) placeAll(nodes.slice(0, kept), nodes[kept]);
  placeAll(nodes.slice(kept + 1), null);
}

/** @param {Element | null} element @param {string} text */
export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} element @param {Partial<Record<"left" | "top" | "width" | "height", number>>} place  in pixels */
export function put(element, place) {
  for (const [name, value] of Object.entries(place)) element.style.setProperty(name, `${value}px`);
}

/**
 * A bar of the shares of categories.
 *
 * @param {HTMLElement} bar
 * @param {Map<string, number>} counts
 * @param {number} total
 */
export function fillBar(bar, counts, total) {
  const parts = SHOWN_IN_BARS.filter((each) => counts.get(each));
  while (bar.children.length > parts.length) bar.lastElementChild?.remove();
  parts.forEach((each, place) => {
    const part = /** @type {HTMLElement} */ (bar.children[place] ?? bar.appendChild(make("i")));
    part.className = `c-${each}`;
    part.style.width = `${Math.max(((counts.get(each) ?? 0) / total) * 100, 2)}%`;
  });
}
