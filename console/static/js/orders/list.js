// @ts-check
// The list of orders: filters that leave nothing empty in the address, views of one's own, keys, changes.

import { startChanges } from "./changes.js";
import { startOwnViews } from "./own_views.js";

const filters = document.querySelector("[data-filters]");

/** Empty fields say nothing, and the zone only matters to days. */
function submitOnlyWhatIsGiven() {
  if (!(filters instanceof HTMLFormElement)) return;
  const zone = filters.querySelector("[data-zone]");
  filters.addEventListener("formdata", (event) => {
    const dated = [...filters.querySelectorAll("[data-moment]")].some(
      (field) => field instanceof HTMLInputElement && field.value.trim(),
    );
    if (zone instanceof HTMLInputElement) event.formData.set("zone", dated ? ownZone() : "");
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
}

/** @returns {string} "Europe/Berlin" */
function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "";
}

/** Views about a day mean the viewer's. */
function setZoneOfViews() {
  for (const link of document.querySelectorAll(".views a")) {
    if (!(link instanceof HTMLAnchorElement)) continue;
    const address = new URL(link.href);
    if (![...address.searchParams.values()].includes("today")) continue;
    address.searchParams.set("zone", ownZone());
    link.href = address.href;
  }
}

/** @param {HTMLDetailsElement} panel */
function togglePanel(panel) {
  panel.open = !panel.open;
  const first = panel.querySelector("input:not(:disabled)");
  if (panel.open && first instanceof HTMLElement) first.focus();
}

function startKeys() {
  const panel = document.querySelector(".filter-panel");
  if (!(panel instanceof HTMLDetailsElement)) return;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && panel.open) panel.open = false;
    if (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "f") {
      event.preventDefault();
      togglePanel(panel);
    } else if (event.key === "n") {
      const next = document.querySelector('.pager a[rel="next"]');
      if (next instanceof HTMLAnchorElement) location.assign(next.href);
    }
  });
  document.addEventListener("click", (event) => {
    if (panel.open && event.target instanceof Node && !panel.contains(event.target)) panel.open = false;
  });
}

submitOnlyWhatIsGiven();
setZoneOfViews();
startKeys();
startOwnViews();
startChanges();
