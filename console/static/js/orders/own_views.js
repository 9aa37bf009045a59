// @ts-check
// Views that a person has saved: name and address, kept by this browser for their account.

import { account } from "../session.js";

const KEY = `ordo.orders.views.${account}`;
const MAX_VIEWS = 30;
const PAGING = ["cursor", "first"];

/** @typedef {{ name: string, query: string }} OwnView */

/** @returns {OwnView[]} */
function load() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    if (!Array.isArray(stored)) return [];
    return stored.filter((view) => typeof view?.name === "string" && typeof view?.query === "string");
  } catch {
    return []; // not ours, or storage is forbidden
  }
}

/** @param {OwnView[]} views */
function store(views) {
  try {
    localStorage.setItem(KEY, JSON.stringify(views));
  } catch {
    // Storage is forbidden: the view stays until the page is left.
  }
}

/** @returns {string} the filters of this page, without the place in the list */
function presentQuery() {
  const parameters = new URLSearchParams(location.search);
  for (const name of PAGING) parameters.delete(name);
  return parameters.toString();
}

/**
 * @param {OwnView} view
 * @param {() => void} remove
 */
function viewItem(view, remove) {
  const item = document.createElement("span");
  item.className = "own-view";
  const link = document.createElement("a");
  link.href = view.query ? `/orders?${view.query}` : "/orders";
  link.dir = "auto";
  link.textContent = view.name;
  if (view.query === presentQuery()) link.setAttribute("aria-current", "page");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "×";
  button.title = "Remove this view";
  button.setAttribute("aria-label", `Remove the view ${view.name}`);
  button.addEventListener("click", remove);
  item.append(link, button);
  return item;
}

/**
 * @param {Element} place
 * @param {OwnView[]} views
 */
function show(place, views) {
  const items = views.map((view) =>
    viewItem(view, () => {
      const others = load().filter((each) => each.name !== view.name);
      store(others);
      show(place, others);
    }),
  );
  place.replaceChildren(...items);
}

/** Shows the saved views, and lets the present filters be saved. */
export function startOwnViews() {
  const place = document.querySelector("[data-own-views]");
  const button = document.querySelector("[data-save-view]");
  const dialog = document.querySelector("[data-view-dialog]");
  const name = document.querySelector("#view-name");
  if (!place || !(button instanceof HTMLElement) || !(dialog instanceof HTMLDialogElement)) return;
  show(place, load());
  button.hidden = false;
  button.addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "save" || !(name instanceof HTMLInputElement) || !name.value.trim()) return;
    const saved = { name: name.value.trim(), query: presentQuery() };
    const views = [...load().filter((view) => view.name !== saved.name), saved].slice(-MAX_VIEWS);
    store(views);
    show(place, views);
    name.value = "";
  });
}
