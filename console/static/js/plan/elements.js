// @ts-check
/** Elements for what a plan consists of. */

const SVG = "http://www.w3.org/2000/svg";

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
  const svg = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", `plan-kind k-${kind}`);
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#k-${kind}`);
  svg.append(use);
  return svg;
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
  const parts = ["done", "undo", "running", "retrying", "held", "fallout"];
  bar.replaceChildren(...parts.filter((each) => counts.get(each)).map((each) => {
    const part = make("i", `c-${each}`);
    part.style.width = `${Math.max(((counts.get(each) ?? 0) / total) * 100, 2)}%`;
    return part;
  }));
}
