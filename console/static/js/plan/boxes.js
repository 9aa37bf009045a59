// @ts-check
/** The boxes and lane titles of the swimlanes. */

import { fillBar, kindSign, make, setKind, setText } from "./elements.js";
import { CATEGORIES } from "./states.js";
import { remark } from "./words.js";

/** @param {import("./scene.js").Scene} scene @param {number[]} steps */
export function newBox(scene, steps) {
  const isOne = steps.length === 1, { name, kind } = scene.plan.definition(steps[0]);
  const parts = [kindSign(kind), make("span", "plan-name", name), make("span", "plan-number"), make("span", "plan-sign"), make("span", "plan-remark")];
  if (isOne) {
    const link = scene.link("plan-step", steps[0]);
    link.append(...parts);
    return link;
  }
  const button = make("button", "plan-step is-bundle", ...parts, make("span", "plan-bar"));
  button.type = "button";
  parts[2].textContent = `×${steps.length.toLocaleString()}`;
  return button;
}

/** Gives the element of a step to another step. @param {import("./scene.js").Scene} scene @param {HTMLElement} node @param {number[]} steps */
export function fillBox(scene, node, steps) {
  if (steps.length > 1) return;
  const [at] = steps, { name, kind } = scene.plan.definition(at);
  scene.lead(node, at);
  setKind(/** @type {Element} */ (node.querySelector(".plan-kind")), kind);
  setText(node.querySelector(".plan-name"), name);
  setText(node.querySelector(".plan-number"), String(at + 1));
}

/** @param {import("./scene.js").Scene} scene @param {HTMLElement} node @param {number[]} steps */
export function paintBox(scene, node, steps) {
  if (steps.length > 1) return paintBundle(scene, node, steps);
  const [at] = steps, { text } = remark(scene.states, at, scene.plan.definition(at).kind);
  const near = node.classList.contains("is-near") ? " is-near" : "";
  const classes = `plan-step ${scene.classes(at)}${near}`;
  if (node.className !== classes) node.className = classes;
  setText(node.querySelector(".plan-sign"), scene.sign(at));
  setText(node.querySelector(".plan-remark"), text);
  const label = scene.label(at);
  if (node.getAttribute("aria-label") !== label) node.setAttribute("aria-label", label);
}

/** @param {import("./scene.js").Scene} scene @param {HTMLElement} node @param {number[]} steps */
function paintBundle(scene, node, steps) {
  const counts = scene.states.count(steps), urgent = scene.states.mostUrgent(steps);
  const near = node.classList.contains("is-near") ? " is-near" : "";
  node.className = `plan-step is-bundle ${scene.classes(urgent)}${near}`;
  const some = scene.matches && steps.some((at) => scene.matches?.has(at));
  if (some) node.classList.remove("is-dim");
  const text = countText(counts);
  setText(node.querySelector(".plan-sign"), scene.sign(urgent));
  setText(node.querySelector(".plan-remark"), text);
  fillBar(/** @type {HTMLElement} */ (node.querySelector(".plan-bar")), counts, steps.length);
  node.setAttribute("aria-label", `${scene.plan.definition(steps[0]).name}, ${steps.length} steps: ${text}`);
}

const COUNT_WORDS = { fallout: "fallout", retrying: "retrying", held: "held", undo: "undo", running: "running", scheduled: "scheduled", pending: "to come", done: "done" };

/** Every row has several counts, and `toLocaleString` makes a format of its own for each. */
const numbers = new Intl.NumberFormat();

/** `2 fallout, 18 running, 130 done`. @param {Map<string, number>} counts */
export function countText(counts) {
  return CATEGORIES.filter((each) => counts.get(each)).map((each) => `${numbers.format(counts.get(each) ?? 0)} ${COUNT_WORDS[each]}`).join(", ");
}

export function newLane() {
  return make("div", "plan-lane", make("span", "plan-lane-name"), make("span", "plan-lane-lines"), make("span", "plan-bar"));
}

/** @param {import("./scene.js").Scene} scene @param {HTMLElement} title @param {number[]} members */
export function paintLane(scene, title, members) {
  const lanes = members.map((lane) => scene.plan.lanes[lane]), [first] = lanes;
  const steps = lanes.flatMap((lane) => lane.steps), counts = scene.states.count(steps);
  const name = members.length > 1 ? scene.plan.definition(first.steps[0]).workstream_name : first.title;
  const suffix = members.length > 1 ? `×${numbers.format(members.length)}` : first.isOneOfMany ? first.suffix : "";
  const done = counts.get("done") ?? 0;
  title.className = `plan-lane${title.classList.contains("is-other") ? " is-other" : ""}${counts.get("fallout") ? " c-fallout" : ""}`;
  setText(title.querySelector(".plan-lane-name"), name);
  setText(title.querySelector(".plan-lane-lines"), [suffix, members.length > 1 ? "" : first.served, `${numbers.format(done)} of ${numbers.format(steps.length)}`].filter(Boolean).join(" · "));
  title.title = [first.title, first.served].filter(Boolean).join(": ");
  fillBar(/** @type {HTMLElement} */ (title.querySelector(".plan-bar")), counts, steps.length);
}
