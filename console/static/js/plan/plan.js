// @ts-check
/** The Plan tab: reads the structure once and the states once, follows the order, and shows what a person chooses. */

import { follow } from "../live/follow.js";
import { Card } from "./card.js";
import { choicesUrl, readChoices } from "./choices.js";
import { criticalPath } from "./critical.js";
import { LanesView } from "./lanes.js";
import { MatrixView } from "./matrix.js";
import { searchSteps, urgentSteps, withNeighbours } from "./relevance.js";
import { Ruler } from "./ruler.js";
import { Scene } from "./scene.js";
import { States } from "./states.js";
import { Plan } from "./structure.js";
import { Toolbar } from "./toolbar.js";
import { setMarks } from "./words.js";

const TICK = 1000, SETTLE = 150;
/** At least so much of a plan is in matrices, or lanes are shown first. */
const MATRIX_SHARE = 0.5;

class PlanPage {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.scroller = /** @type {HTMLElement} */ (root.querySelector(".plan-window"));
    this.status = /** @type {HTMLElement} */ (root.querySelector(".plan-status"));
    this.ruler = new Ruler(/** @type {HTMLCanvasElement} */ (root.querySelector(".plan-ruler")), this.scroller);
    this.choices = readChoices();
    /** @type {string} */ this.shown = "";
    /** @type {import("./scene.js").View | null} */ this.view = null;
    /** @type {import("./structure.js").Drawing | null} */ this.singleLanes = null;
    this.settling = 0;
    /** @type {Set<number>} */ this.changed = new Set();
  }

  /** @param {Promise<Response>[]} responses  to the requests of start.js, which are under way */
  async open(responses) {
    this.#say("Reading the plan …");
    const [structure, states, lanes] = await Promise.all(responses.map(toJson));
    this.singleLanes = lanes ?? null;
    if (!structure.steps.definition.length) return this.#say("This order has no steps yet.");
    const plan = new Plan(structure);
    this.scene = new Scene(plan, new States(states), this.choices, this.root.dataset.steps ?? "");
    this.card = new Card(this.scene, this.root);
    this.scene.showCard = (steps, element) => this.card?.show(steps, element);
    this.scene.hideCard = () => this.card?.hide();
    this.toolbar = new Toolbar(this.root, this.scene, {
      changed: () => this.choose(),
      goTo: (at) => this.view?.focusStep(at),
    });
    this.#say("");
    this.root.classList.add("is-drawn");
    this.#findCritical();
    await this.choose(false);
    this.#reveal();
    requestAnimationFrame(() => setTimeout(() => performance.mark("plan drawn")));
    this.#listen();
    this.stopFollowing = follow(`order/${plan.order}`, states.mark, (change) => this.#onChange(change));
  }

  /** @param {string} text */
  #say(text) {
    this.status.textContent = text;
    this.status.hidden = !text;
  }

  /** Whether tables or lanes are shown. */
  get form() {
    const { plan } = /** @type {Scene} */ (this.scene);
    if (this.choices.as === "lanes" || !plan.matrices.length) return "lanes";
    if (this.choices.as === "matrix") return "matrix";
    const inTables = plan.matrices.reduce((sum, { rows }) => sum + rows.reduce((count, row) => count + row.steps.length, 0), 0);
    return inTables >= plan.size * MATRIX_SHARE ? "matrix" : "lanes";
  }

  /** Shows what the choices say. @param {boolean} keepsAddress */
  async choose(keepsAddress = true) {
    const scene = /** @type {Scene} */ (this.scene), { choices, form } = this;
    if (keepsAddress) history.replaceState(history.state, "", choicesUrl(choices));
    this.#select();
    const shown = form === "matrix" ? "matrix" : choices.each ? "each" : "lanes";
    if (shown !== this.shown) {
      this.view?.close();
      this.shown = shown;
      this.scroller.scrollTo(0, 0);
      this.view = form === "matrix" ? this.#matrix() : new LanesView(scene, this.scroller, await this.#drawing(), (column) => this.#openColumn(column));
    } else {
      this.view?.layout();
    }
    this.toolbar?.show(form);
    this.#drawRuler();
  }

  #matrix() {
    return new MatrixView(/** @type {Scene} */ (this.scene), this.scroller, (sort) => {
      this.choices.sort = sort;
      void this.choose();
    });
  }

  async #drawing() {
    const { plan } = /** @type {Scene} */ (this.scene);
    if (!this.choices.each || !plan.hasSingleLanes) return plan.drawing;
    this.singleLanes ??= await readJson(this.root.dataset.lanes ?? "");
    return /** @type {import("./structure.js").Drawing} */ (this.singleLanes);
  }

  /** @param {number} definition */
  #openColumn(definition) {
    const { plan } = /** @type {Scene} */ (this.scene), { workstream, step } = plan.definitions[definition];
    const isInTable = plan.matrices.some(({ columns }) => columns.includes(definition));
    if (isInTable) Object.assign(this.choices, { as: "matrix", sort: `${workstream}.${step}` });
    else this.choices.each = true;
    void this.choose();
  }

  /** What a person looks for first: what is in fallout, or else runs. */
  #reveal() {
    const { plan, states } = /** @type {Scene} */ (this.scene), urgent = states.mostUrgent([...plan.definitionOf.keys()]);
    if (!["pending", "done", "scheduled"].includes(states.categories[urgent])) this.view?.reveal(urgent);
  }

  /** What the search, the chosen state and `only what matters` leave. */
  #select() {
    const scene = /** @type {Scene} */ (this.scene), { plan, states } = scene, { q, state, matters } = this.choices;
    /** @type {Set<number> | null} */ let matches = null;
    if (q.trim()) matches = new Set(searchSteps(plan, states, q));
    if (state) {
      const fits = (/** @type {number} */ at) => (state === "late" ? states.lateness(at) !== "" : state === "critical" ? scene.onCritical.has(at) : states.categories[at] === state);
      matches = new Set((matches ? [...matches] : plan.definitionOf.map((_, at) => at)).filter(fits));
    }
    scene.matches = matches;
    scene.kept = matters ? withNeighbours(plan, urgentSteps(plan, states, scene.critical)) : null;
  }

  #findCritical() {
    const scene = /** @type {Scene} */ (this.scene);
    scene.critical = criticalPath(scene.plan, scene.states);
    scene.onCritical = new Set(scene.critical);
  }

  #listen() {
    const redraw = () => this.#redraw();
    document.addEventListener("themechange", redraw);
    new ResizeObserver(redraw).observe(this.scroller);
    setInterval(() => {
      if (document.visibilityState === "visible") this.view?.tick();
      this.card?.refresh();
    }, TICK);
    addEventListener("popstate", () => {
      Object.assign(this.choices, readChoices());
      void this.choose(false);
    });
    new Panning(this.scroller);
  }

  #redraw() {
    this.view?.redraw();
    this.#drawRuler();
  }

  #drawRuler() {
    if (this.view) this.ruler.draw(/** @type {Scene} */ (this.scene), this.view.places());
  }

  /** @param {any} change  see console/live */
  #onChange(change) {
    const { plan, states } = /** @type {Scene} */ (this.scene);
    if (change.head && change.head.revision !== plan.revision) return location.reload();
    if (change.gap) return void this.#readStates();
    for (const at of states.apply(change.items ?? [])) this.changed.add(at);
    this.settling ||= setTimeout(() => this.#settle(), SETTLE);
  }

  async #readStates() {
    const scene = /** @type {Scene} */ (this.scene), read = await readJson(this.root.dataset.states ?? "");
    if (read.revision !== scene.plan.revision) return location.reload();
    scene.states = new States(read);
    this.changed = new Set(scene.plan.definitionOf.keys());
    this.#settle();
  }

  #settle() {
    this.settling = 0;
    this.#findCritical();
    this.#select();
    this.view?.update(this.changed);
    this.toolbar?.count();
    this.card?.refresh();
    this.changed = new Set();
    this.#drawRuler();
  }
}

/** The empty space of the window can be dragged. */
class Panning {
  /** @param {HTMLElement} scroller */
  constructor(scroller) {
    /** @type {{x: number, y: number, left: number, top: number} | null} */ let from = null;
    scroller.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType !== "mouse" || !(event.target instanceof Element) || event.target.closest("a, button")) return;
      const edge = scroller.getBoundingClientRect();
      if (event.clientX - edge.left > scroller.clientWidth || event.clientY - edge.top > scroller.clientHeight) return;
      from = { x: event.clientX, y: event.clientY, left: scroller.scrollLeft, top: scroller.scrollTop };
      scroller.setPointerCapture(event.pointerId);
      scroller.classList.add("is-panning");
    });
    scroller.addEventListener("pointermove", (event) => {
      if (from) scroller.scrollTo(from.left + from.x - event.clientX, from.top + from.y - event.clientY);
    });
    for (const type of ["pointerup", "pointercancel"]) {
      scroller.addEventListener(type, () => {
        from = null;
        scroller.classList.remove("is-panning");
      });
    }
  }
}

/** @param {string} url @returns {Promise<any>} */
function readJson(url) {
  return toJson(fetch(url, { headers: { Accept: "application/json" } }));
}

/** @param {Promise<Response>} asked @returns {Promise<any>} */
async function toJson(asked) {
  const response = await asked;
  if (!response.ok) {
    const told = await response.json().catch(() => null);
    throw new Error(told?.message ?? `The plan cannot be read: ${response.status} ${response.statusText}.`);
  }
  return response.status === 204 ? null : response.json();
}

/** @param {HTMLElement} root @param {Promise<Response>[]} responses  of structure, states and maybe single lanes */
export function openPlan(root, responses) {
  setMarks(JSON.parse(document.getElementById("plan-marks")?.textContent ?? "{}"));
  const page = new PlanPage(root);
  page.open(responses).catch((/** @type {Error} */ error) => {
    page.status.hidden = false;
    page.status.textContent = error.message;
    page.status.setAttribute("role", "alert");
  });
}
