// @ts-check
/** The card beside a step that is pointed at or focused: what it is, how it stands, what is before and after it. */

import { countText } from "./boxes.js";
import { kindSign, make, put } from "./elements.js";
import { remark, shortTime, sign, word } from "./words.js";

const MAX_NAMED = 5, DELAY = 120;

export class Card {
  /** @param {import("./scene.js").Scene} scene @param {HTMLElement} root */
  constructor(scene, root) {
    this.scene = scene;
    this.element = make("div", "plan-card");
    this.element.id = "plan-card";
    this.element.setAttribute("role", "tooltip");
    this.element.hidden = true;
    root.append(this.element);
    this.timer = 0;
    /** @type {HTMLElement | null} */ this.beside = null;
    /** @type {number[]} */ this.steps = [];
  }

  /** @param {number[]} steps @param {HTMLElement} element */
  show(steps, element) {
    if (this.beside === element) return;
    this.hide();
    this.beside = element;
    this.steps = steps;
    this.timer = setTimeout(() => {
      this.fill();
      this.element.hidden = false;
      this.#place(element.getBoundingClientRect());
      element.setAttribute("aria-describedby", this.element.id);
    }, DELAY);
  }

  hide() {
    clearTimeout(this.timer);
    this.beside?.removeAttribute("aria-describedby");
    this.beside = null;
    this.element.hidden = true;
  }

  /** Again, because its step has changed. */
  refresh() {
    if (!this.element.hidden) this.fill();
  }

  fill() {
    this.element.replaceChildren(...(this.steps.length > 1 ? this.#ofBundle(this.steps) : this.#ofStep(this.steps[0])));
  }

  /** @param {DOMRect} place */
  #place(place) {
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = Math.max(8, Math.min(place.left, innerWidth - width - 8));
    const below = place.bottom + 8, above = place.top - height - 8;
    put(this.element, { left, top: below + height > innerHeight && above > 0 ? above : below });
  }

  /** @param {number} at */
  #ofStep(at) {
    const { scene } = this, { plan, states } = scene, definition = plan.definition(at), item = states.items.get(at);
    const lane = plan.lanes[plan.laneOf[at]], now = states.now(), state = states.shown(at);
    const name = make("strong", "", definition.name);
    name.dir = "auto";
    const head = make("p", "plan-card-head", kindSign(definition.kind), name, make("span", "plan-number", `${at + 1}`));
    const { text } = remark(states, at, definition.kind);
    const stateText = make("p", `plan-card-state c-${states.categories[at]}`, make("span", "plan-sign", scene.sign(at)), ` ${word(state)}`, text ? ` · ${text}` : "");
    /** @type {HTMLElement[]} */
    const parts = [head, make("p", "plan-card-place", [lane.title, lane.served].filter(Boolean).join(" · ")), stateText];
    const error = (states.isUndoUnderWay(at) ? item?.undo?.error : undefined) ?? item?.error;
    if (error) parts.push(make("p", "plan-card-error", `${error.code}: ${error.message}`));
    const marks = [scene.onCritical.has(at) ? "on the critical path" : "", scene.finality(at)].filter(Boolean).join(" · ");
    if (marks) parts.push(make("p", "plan-card-marks", marks[0].toUpperCase() + marks.slice(1)));
    const facts = make("dl", "");
    const add = (/** @type {string} */ label, /** @type {string | Node} */ value) => facts.append(make("dt", "", label), make("dd", "", value));
    if (item?.waits_for) add("Now", item.waits_for);
    const start = states.starts[at], end = states.ends[at], isOver = states.isSettled(at);
    if (!isNaN(start)) add(state === "pending" || state === "scheduled" ? "Expected" : "Began", shortTime(start, now));
    if (!isNaN(end)) add(isOver ? "Ended" : "Expected end", shortTime(end, now));
    if (plan.before[at].length) add("After", this.#names(plan.before[at]));
    if (plan.followers[at].length) add("Before", this.#names(plan.followers[at]));
    for (const [label, value] of definition.facts) add(label, value);
    parts.push(facts, make("p", "plan-card-id", plan.id(at)));
    return parts;
  }

  /** @param {number[]} steps */
  #names(steps) {
    const { plan, states } = this.scene, list = make("span", "");
    for (const at of steps.slice(0, MAX_NAMED)) {
      list.append(make("span", `plan-card-step c-${states.categories[at]}`, make("span", "plan-sign", sign(states.shown(at))), ` ${at + 1} ${plan.definition(at).name}`));
    }
    if (steps.length > MAX_NAMED) list.append(make("span", "plan-card-step", `and ${(steps.length - MAX_NAMED).toLocaleString()} more`));
    return list;
  }

  /** @param {number[]} steps */
  #ofBundle(steps) {
    const { plan, states } = this.scene, definition = plan.definition(steps[0]);
    const facts = make("dl", "");
    for (const [label, value] of definition.facts) facts.append(make("dt", "", label), make("dd", "", value));
    return [
      make("p", "plan-card-head", kindSign(definition.kind), make("strong", "", definition.name), make("span", "plan-number", `×${steps.length.toLocaleString()}`)),
      make("p", "plan-card-place", `${definition.workstream_name}: one step for each line. Opens them as a table.`),
      make("p", "plan-card-state", countText(states.count(steps))),
      facts,
    ];
  }
}
