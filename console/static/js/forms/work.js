// @ts-check
// The inbox: filters apply when they are chosen; work that is done is marked; new work is announced, rows never jump.

import { follow } from "../live/follow.js";

for (const control of document.querySelectorAll("[data-submit-on-change]")) {
  control.addEventListener("change", () => {
    if (control instanceof HTMLSelectElement) control.form?.requestSubmit();
  });
}

// Without a tick there is nothing to do with the ticked rows. A browser that goes back ticks boxes again.
const forTicked = document.querySelector("[data-needs-tick]");
if (forTicked instanceof HTMLButtonElement) {
  const label = forTicked.textContent ?? "";
  const count = () => {
    const ticked = document.querySelectorAll("input[name=pick]:checked").length;
    forTicked.disabled = ticked === 0;
    forTicked.title = ticked === 0 ? "Tick rows first" : "";
    forTicked.textContent = ticked === 0 ? label : `The ${ticked} ticked ${ticked === 1 ? "row" : "rows"}…`;
  };
  document.addEventListener("change", count);
  addEventListener("pageshow", count);
  count();
}

/** @typedef {{order_id: string, step: string, kind: string, queue: string | null, holder: string | null}} WorkItem */

/** @param {HTMLTableElement} table */
function keepCurrent(table) {
  const { work: kind = "", queue = "", since = "" } = table.dataset;
  const bar = document.getElementById("work-changes");
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  for (const row of table.querySelectorAll("[data-key]")) {
    if (row instanceof HTMLElement) rows.set(row.dataset.key ?? "", row);
  }
  /** @type {Set<string>} */
  const fresh = new Set();
  let hasGap = false;

  /** @param {WorkItem} item */
  const take = (item) => {
    const key = `${item.kind}/${item.order_id}/${item.step}`;
    const row = rows.get(key);
    if (!row) {
      if (item.kind === kind && (!queue || item.queue === queue)) fresh.add(key);
      return;
    }
    row.removeAttribute("data-gone");
    const holder = row.querySelector("[data-holder]");
    if (holder && item.holder !== null && holder.getAttribute("data-holder") !== "you") holder.textContent = item.holder;
  };

  const announce = () => {
    const text = bar?.querySelector("span");
    if (!bar || !text) return;
    const words = fresh.size === 1 ? "1 more has come." : `${fresh.size} more have come.`;
    text.textContent = hasGap ? "The work has changed." : words;
    bar.hidden = !(hasGap || fresh.size);
  };

  follow("work", since, (change) => {
    hasGap ||= change.gap === true;
    for (const key of change.gone ?? []) {
      rows.get(key)?.setAttribute("data-gone", "");
      fresh.delete(key);
    }
    for (const item of change.items ?? []) take(item);
    announce();
  });
}

const list = document.querySelector("table[data-work]");
if (list instanceof HTMLTableElement) keepCurrent(list);
