// @ts-check
// Keeps a page current without code of its own: `data-live` names the topic, and after a change each
// `data-live-region` of the page is replaced by that of the page as the console renders it now.

import { showTimes } from "../times.js";
import { follow } from "./follow.js";
import { showSessionEnd } from "./mark.js";

const SHORTEST_PAUSE = 1_000;

/**
 * The HTML without what scripts have changed.
 * @param {Element} region
 */
function plain(region) {
  const copy = /** @type {Element} */ (region.cloneNode(true));
  for (const time of copy.querySelectorAll("time[data-time]")) {
    time.textContent = "";
    time.removeAttribute("title");
  }
  for (const details of copy.querySelectorAll("details")) details.removeAttribute("open");
  for (const row of copy.querySelectorAll("[data-current]")) row.removeAttribute("data-current");
  for (const kept of copy.querySelectorAll("[data-live-keep]")) kept.replaceChildren();
  for (const token of copy.querySelectorAll("input[name=csrf]")) token.removeAttribute("value");
  return copy.innerHTML;
}

/** @param {Element} region */
export function isInUse(region) {
  if (region.querySelector("dialog[open]")) return true;
  for (const field of region.querySelectorAll("input, textarea, select")) {
    if (field === document.activeElement) return true;
    if (field instanceof HTMLTextAreaElement && field.value !== field.defaultValue) return true;
    if (!(field instanceof HTMLInputElement)) continue;
    if (field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue) {
      return true;
    }
  }
  return false;
}

/**
 * What finds the focused element again.
 * @param {Element} region
 */
function focusedIn(region) {
  const focused = document.activeElement;
  if (!focused || !region.contains(focused) || focused === region) return "";
  if (focused.id) return `#${CSS.escape(focused.id)}`;
  const href = focused.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : "";
}

/**
 * @param {Element} region
 * @param {Element} newer
 */
function replace(region, newer) {
  const focused = focusedIn(region);
  const current = region.querySelector("[data-current] a[data-open]")?.getAttribute("href");
  for (const details of region.querySelectorAll("details[open][id]")) {
    newer.querySelector(`#${CSS.escape(details.id)}`)?.setAttribute("open", "");
  }
  for (const kept of region.querySelectorAll("[data-live-keep][id]")) {
    newer.querySelector(`#${CSS.escape(kept.id)}`)?.replaceWith(kept);
  }
  region.replaceChildren(...newer.childNodes);
  showTimes(region);
  if (current) {
    region.querySelector(`a[data-open][href="${CSS.escape(current)}"]`)?.closest("[data-row]")?.setAttribute("data-current", "");
  }
  const again = focused ? region.querySelector(focused) : null;
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  region.dispatchEvent(new CustomEvent("live:replaced", { bubbles: true }));
}

/** Fetches this page, and replaces the regions that differ. */
export async function refreshRegions() {
  const response = await fetch(location.href, {
    headers: { Accept: "text/html", "X-Refresh": "1" },
    cache: "no-store",
  });
  if (response.status === 401 || (response.redirected && new URL(response.url).pathname === "/sign-in")) {
    return showSessionEnd();
  }
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const region of document.querySelectorAll("[data-live-region]")) {
    const name = region.getAttribute("data-live-region") ?? "";
    const newer = page.querySelector(`[data-live-region="${CSS.escape(name)}"]`);
    if (newer && !isInUse(region) && plain(region) !== plain(newer)) replace(region, newer);
  }
}

/** Follows the topic that the page names. */
export function startRegions() {
  const page = document.querySelector("[data-live]");
  if (!(page instanceof HTMLElement) || !page.dataset.live) return;
  let isDue = false;
  let isBusy = false;
  const work = async () => {
    if (isBusy || document.hidden) return;
    isBusy = true;
    while (isDue && !document.hidden) {
      isDue = false;
      const began = performance.now();
      try {
        await refreshRegions();
      } catch {
        isDue = true; // the console is away; the mark says so
      }
      const cost = performance.now() - began;
      await new Promise((resolve) => setTimeout(resolve, Math.max(SHORTEST_PAUSE, 4 * cost)));
    }
    isBusy = false;
  };
  document.addEventListener("visibilitychange", work);
  follow(page.dataset.live, page.dataset.liveSince ?? "", () => {
    isDue = true;
    work();
  });
}
