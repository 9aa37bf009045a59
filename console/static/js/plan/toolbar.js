// @ts-check
/** Above the plan: what form it has, how many steps are in which state, and the search. */

import { make } from "./elements.js";
import { CATEGORIES } from "./states.js";

const LABELS = /** @type {Record<string, string>} */ ({
  fallout: "In fallout", retrying: "Retrying", held: "On hold", undo: "Being undone", running: "Running",
  scheduled: "Scheduled", pending: "To come", done: "Done", late: "Late or at risk", critical: "Critical path",
});
const SIGNS = /** @type {Record<string, string>} */ ({
  fallout: "✖", retrying: "↻", held: "‖", undo: "↶", running: "●", scheduled: "◷", pending: "○", done: "✔", late: "!", critical: "━",
});
const PAUSE = 150;

export class Toolbar {
  /**
   * @param {HTMLElement} root
   * @param {import("./scene.js").Scene} scene
   * @param {{changed: () => void, goTo: (at: number) => void}} page
   */
  constructor(root, scene, page) {
    this.scene = scene;
    this.page = page;
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
    this.tools = find(".plan-tools");
    this.counts = find(".plan-counts");
    this.search = /** @type {HTMLInputElement} */ (find(".plan-search input"));
    this.found = find(".plan-found");
    this.place = find(".plan-place");
    this.matters = /** @type {HTMLInputElement} */ (find("input[name=matters]"));
    this.each = /** @type {HTMLInputElement} */ (find("input[name=each]"));
    /** @type {HTMLElement[]} */ this.forms = [...root.querySelectorAll(".plan-forms [data-form]")].map((each) => /** @type {HTMLElement} */ (each));
    this.index = -1;
    this.#listen(root);
    this.search.value = scene.choices.q;
    this.tools.hidden = this.counts.hidden = false;
  }

  /** @param {HTMLElement} root */
  #listen(root) {
    const { choices } = this.scene;
    for (const form of this.forms) {
      form.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        choices.as = form.dataset.form ?? "";
        this.page.changed();
      });
    }
    this.matters.addEventListener("change", () => {
      choices.matters = this.matters.checked;
      this.page.changed();
    });
    this.each.addEventListener("change", () => {
      choices.each = this.each.checked;
      this.page.changed();
    });
    let timer = 0;
    this.search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#searchFor(this.search.value), PAUSE);
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      clearTimeout(timer);
      if (this.search.value !== choices.q) this.#searchFor(this.search.value);
      this.step(event.shiftKey ? -1 : 1);
    });
    this.counts.addEventListener("click", (event) => {
      const chip = event.target instanceof Element ? event.target.closest("[data-state]") : null;
      if (!(chip instanceof HTMLElement)) return;
      const state = chip.dataset.state ?? "";
      choices.state = choices.state === state ? "" : state;
      this.index = -1;
      this.page.changed();
    });
    root.querySelector(".plan-next")?.addEventListener("click", () => this.step(1));
    root.querySelector(".plan-previous")?.addEventListener("click", () => this.step(-1));
  }

  /** @param {string} text */
  #searchFor(text) {
    this.scene.choices.q = text;
    this.index = -1;
    this.page.changed();
  }

  /** To the next step that is found. @param {1 | -1} direction */
  step(direction) {
    const steps = [...(this.scene.matches ?? [])];
    if (!steps.length) return;
    this.index = (this.index + direction + steps.length) % steps.length;
    if (this.index < 0) this.index = steps.length - 1;
    this.page.goTo(steps[this.index]);
    this.#tellFound();
  }

  /** @param {string} form */
  show(form) {
    const { plan, choices } = this.scene;
    for (const each of this.forms) {
      if (each.dataset.form === "matrix") each.hidden = !plan.matrices.length;
      if (each.dataset.form === form) each.setAttribute("aria-current", "true");
      else each.removeAttribute("aria-current");
    }
    this.matters.checked = choices.matters;
    this.each.checked = choices.each;
    /** @type {HTMLElement} */ (this.each.closest("label")).hidden = form !== "lanes" || !plan.hasSingleLanes;
    if (document.activeElement !== this.search) this.search.value = choices.q;
    this.count();
  }

  count() {
    const { plan, states, choices, onCritical } = this.scene, all = [...plan.definitionOf.keys()];
    const counts = /** @type {Map<string, number>} */ (states.count(all));
    const late = all.filter((at) => states.lateness(at)).length;
    if (late) counts.set("late", late);
    if (onCritical.size) counts.set("critical", onCritical.size);
    const order = ["fallout", "late", ...CATEGORIES.slice(1), "critical"];
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.state : undefined;
    this.counts.replaceChildren(...order.filter((each) => counts.get(each) || choices.state === each).map((each) => {
      const chip = make("button", `plan-count c-${each}`, make("span", "plan-sign", SIGNS[each]), make("b", "", (counts.get(each) ?? 0).toLocaleString()), ` ${LABELS[each]}`);
      chip.type = "button";
      chip.dataset.state = each;
      chip.setAttribute("aria-pressed", String(choices.state === each));
      return chip;
    }));
    if (focused) /** @type {HTMLElement | null} */ (this.counts.querySelector(`[data-state="${focused}"]`))?.focus();
    this.#tellFound();
  }

  #tellFound() {
    const { matches } = this.scene;
    this.found.hidden = !matches;
    if (!matches) return;
    const place = this.index >= 0 ? `${(this.index + 1).toLocaleString()} of ` : "";
    this.place.textContent = `${place}${matches.size.toLocaleString()} ${matches.size === 1 ? "step" : "steps"}`;
  }
}
