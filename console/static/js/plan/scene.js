// @ts-check
/** What both views of a plan share: the plan, its states, what is chosen, and how a step is shown and named. */

import { make } from "./elements.js";
import { remark, sign, word } from "./words.js";

/** @typedef {import("./choices.js").Choices} Choices */

export class Scene {
  /**
   * @param {import("./structure.js").Plan} plan
   * @param {import("./states.js").States} states
   * @param {Choices} choices
   * @param {string} stepUrl  to which a step's number is added; empty: steps have no page
   */
  constructor(plan, states, choices, stepUrl) {
    this.plan = plan;
    this.states = states;
    this.choices = choices;
    this.stepUrl = stepUrl;
    /** @type {number[]} */ this.critical = [];
    /** @type {Set<number>} */ this.onCritical = new Set();
    /** @type {Set<number> | null} what the search and the chosen state leave; null: nothing is chosen */
    this.matches = null;
    /** @type {Set<number> | null} what matters; null: everything is shown */
    this.kept = null;
    /** @type {(steps: number[], element: HTMLElement) => void} */ this.showCard = () => {};
    /** @type {() => void} */ this.hideCard = () => {};
  }

  /** As a screen reader says it. @param {number} at @param {string} [place] */
  label(at, place) {
    const { plan, states } = this, definition = plan.definition(at), lane = plan.lanes[plan.laneOf[at]];
    const { text } = remark(states, at, definition.kind);
    const parts = [`${at + 1} ${definition.name}`, place ?? lane.title, word(states.shown(at)), text];
    parts.push(this.finality(at));
    if (this.onCritical.has(at)) parts.push("on the critical path");
    return parts.filter(Boolean).join(", ");
  }

  /** Whether it is a point of no return, and one that the order has passed. @param {number} at */
  finality(at) {
    if (!this.plan.definition(at).final) return "";
    const isPassed = !["pending", "scheduled", "ready"].includes(this.states.own[at]);
    return isPassed ? "point of no return, passed" : "point of no return";
  }

  /** The classes that a step's state gives to its element. @param {number} at */
  classes(at) {
    const { states } = this, lateness = states.lateness(at);
    return [
      `c-${states.categories[at]}`, `s-${states.shown(at)}`,
      lateness ? `is-${lateness}` : "",
      states.isUndoUnderWay(at) ? "is-undo" : "",
      this.plan.definition(at).final ? "is-final" : "",
      this.onCritical.has(at) ? "is-critical" : "",
      this.matches && !this.matches.has(at) ? "is-dim" : "",
    ].filter(Boolean).join(" ");
  }

  /** @param {number} at */
  sign(at) {
    return this.states.isUndoUnderWay(at) && this.states.categories[at] === "undo" ? "↶" : sign(this.states.shown(at));
  }

  /** A link to the step, to be filled. @param {string} classes @param {number} at */
  link(classes, at) {
    const link = make(this.stepUrl ? "a" : "button", classes);
    if (link instanceof HTMLButtonElement) link.type = "button";
    link.tabIndex = -1;
    link.draggable = false;
    this.lead(link, at);
    return link;
  }

  /** Makes a link lead to another step. @param {HTMLElement} link @param {number} at */
  lead(link, at) {
    if (link instanceof HTMLAnchorElement) link.href = `${this.stepUrl}${at + 1}`;
  }
}

/** What a view of a plan can do. */
/**
 * @typedef {object} View
 * @property {() => void} layout  after a choice has changed
 * @property {(changed: Set<number> | null) => void} update  after states have changed; null: all may have
 * @property {() => void} tick  a second later: clocks have moved
 * @property {(at: number) => void} focusStep
 * @property {(at: number) => void} reveal  scrolls to a step
 * @property {() => {y: number, at: number}[]} places  where steps are, for the ruler
 * @property {() => void} redraw  after the colours or the size have changed
 * @property {() => void} close
 */
