// @ts-check
// Keeps the list of orders current. A row changes where it is; new orders wait behind a bar until they are asked for.

import { follow } from "../live/follow.js";
import { showTimes } from "../times.js";

/**
 * @typedef {object} OrderItem
 * @property {string} order_id
 * @property {string} state
 * @property {string} [jeopardy]
 * @property {number} [fallout]
 * @property {number} [open_tasks]
 * @property {string} [ended_at]
 * @property {string} [forecast] only a ledger knows it
 * @property {true} [is_new]
 */

const QUIET = 400; // milliseconds after a change before the counts are fetched
const LEAST_PAUSE = 1000;
const SHARE = 10; // a list that takes 0.3 s is fetched every 3 s at most
const MANY = 50;

/** @type {Map<string, HTMLElement>} */
const rows = new Map();
/** @type {Set<string>} */
const fresh = new Set();
let fetched = 0;
let pause = LEAST_PAUSE;
let timer = 0;
let isFetching = false;

/**
 * @param {HTMLElement} row
 * @param {string} name
 * @param {(Node | string)[]} content
 */
function setCell(row, name, ...content) {
  const cell = row.querySelector(`[data-cell="${name}"]`);
  if (!cell) return;
  const next = /** @type {Element} */ (cell.cloneNode(false));
  next.append(...content);
  if (next.textContent !== cell.textContent) cell.replaceChildren(...next.childNodes);
}

/**
 * @param {"state" | "jeopardy"} kind
 * @param {string | undefined} value
 */
function mark(kind, value) {
  const template = document.querySelector(`template[data-${kind}="${CSS.escape(value ?? "")}"]`);
  return template instanceof HTMLTemplateElement ? template.content.cloneNode(true) : "";
}

/** @param {string | undefined} at */
function timeOf(at) {
  if (!at) return "";
  const time = document.createElement("time");
  time.dateTime = at;
  time.dataset.time = "both";
  return time;
}

/**
 * When it ended, else when it is expected to.
 * @param {OrderItem} item
 */
function endOf(item) {
  const isPassed = item.forecast && Date.parse(item.forecast) < Date.now();
  if (!item.ended_at && !isPassed) return [timeOf(item.forecast)];
  const word = document.createElement("span");
  word.className = "quiet";
  word.textContent = item.ended_at ? "ended" : "was";
  return [word, " ", timeOf(item.ended_at ?? item.forecast)];
}

/** @param {OrderItem} item */
function changeRow(item) {
  const row = rows.get(item.order_id);
  if (!row) return;
  const before = row.textContent;
  setCell(row, "state", mark("state", item.state));
  setCell(row, "jeopardy", mark("jeopardy", item.jeopardy));
  setCell(row, "fallout", item.fallout ? String(item.fallout) : "");
  setCell(row, "tasks", item.open_tasks ? String(item.open_tasks) : "");
  row.querySelector('[data-cell="tasks"]')?.setAttribute("data-label", item.open_tasks === 1 ? "open task" : "open tasks");
  const at = item.ended_at ?? item.forecast;
  const ended = row.querySelector('[data-cell="ended"] time');
  if ((ended instanceof HTMLTimeElement ? ended.dateTime : "") !== (at ?? "")) setCell(row, "ended", ...endOf(item));
  showTimes(row);
  if (row.textContent === before) return;
  row.removeAttribute("data-changed");
  void row.offsetWidth; // begins the animation again
  row.setAttribute("data-changed", "");
}

function showBar() {
  const bar = document.querySelector("[data-new-bar]");
  const text = document.querySelector("[data-new-text]");
  if (!(bar instanceof HTMLElement) || !text || !fresh.size) return;
  const count = fresh.size >= MANY ? `${MANY} or more` : String(fresh.size);
  text.textContent = `${count} new: show ${fresh.size === 1 ? "it" : "them"}`;
  bar.hidden = false;
}

/**
 * What changes do not tell: whose move it is.
 * @param {HTMLElement} row
 * @param {Element} next the row as it is now
 */
function takeFetched(row, next) {
  const [was, is] = [row.querySelector("[data-fetched]"), next.querySelector("[data-fetched]")];
  if (was && is && was.textContent !== is.textContent) was.replaceWith(is);
}

/** Counts, total and freshness as they are now; orders that are on this page now, and were not, are new. */
async function fetchCounts() {
  isFetching = true;
  const began = performance.now();
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html", "X-Refresh": "1" } });
    if (!response.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const name of ["data-counts", "data-total", "data-freshness"]) {
      const [now, next] = [document.querySelector(`[${name}]`), page.querySelector(`[${name}]`)];
      if (now && next && now.innerHTML !== next.innerHTML && !now.contains(document.activeElement)) {
        now.replaceChildren(...next.childNodes);
        showTimes(now);
      }
    }
    for (const row of page.querySelectorAll("tr[data-key]")) {
      const key = row instanceof HTMLElement ? (row.dataset.key ?? "") : "";
      const shown = rows.get(key);
      if (shown) takeFetched(shown, row);
      else if (key) fresh.add(key);
    }
    showBar();
  } catch {
    // The mark of a lost connection says so; the next change tries again.
  } finally {
    isFetching = false;
    fetched = performance.now();
    pause = Math.max(LEAST_PAUSE, SHARE * (fetched - began));
  }
}

function fetchSoon() {
  if (timer || document.hidden) return;
  const wait = Math.max(QUIET, fetched + pause - performance.now());
  timer = window.setTimeout(async () => {
    timer = 0;
    if (isFetching) return fetchSoon();
    await fetchCounts();
  }, wait);
}

/** Follows all orders, and changes the rows that are shown. */
export function startChanges() {
  const place = document.querySelector("[data-orders]");
  if (!(place instanceof HTMLElement)) return;
  for (const row of document.querySelectorAll("tr[data-key]")) {
    if (row instanceof HTMLElement) rows.set(row.dataset.key ?? "", row);
  }
  let missed = false;
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && missed) fetchSoon();
    missed = false;
  });
  const shown = rows.size;
  follow("orders", place.dataset.since ?? "", (change) => {
    /** @type {OrderItem[]} */
    const items = change.items ?? [];
    for (const item of items) {
      changeRow(item);
      if (item.is_new && place.dataset.filtered === "false" && !rows.has(item.order_id)) fresh.add(item.order_id);
    }
    if (!shown && fresh.size) return location.reload(); // an empty list has nothing that could jump
    showBar();
    missed = document.hidden;
    fetchSoon();
  });
}
