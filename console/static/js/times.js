// @ts-check
// Times as the viewer reads them: in their zone, the whole of it when they point at it.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const short = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/**
 * @param {number} seconds
 * @returns {string} "16 s", "12 min", "5 h", "47 d"
 */
export function span(seconds) {
  const size = Math.abs(seconds);
  if (size >= DAY) return `${Math.floor(size / DAY)} d`;
  if (size >= HOUR) return `${Math.floor(size / HOUR)} h`;
  if (size >= MINUTE) return `${Math.floor(size / MINUTE)} min`;
  return `${Math.floor(size)} s`;
}

/**
 * @param {Date} at
 * @param {Date} now
 * @returns {string} "12 min ago", "in 5 h"
 */
export function ago(at, now) {
  const seconds = (now.getTime() - at.getTime()) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  return seconds > 0 ? `${span(seconds)} ago` : `in ${span(seconds)}`;
}

/**
 * @param {Date} at
 * @param {Date} now
 * @returns {string} "14:03" today, "3 Dec 14:03" this year
 */
export function dayAndClock(at, now) {
  if (at.toDateString() === now.toDateString()) return short.format(at);
  return `${dateOf(at, now)} ${short.format(at)}`;
}

/**
 * @param {Date} at
 * @param {Date} now
 */
function dateOf(at, now) {
  return (at.getFullYear() === now.getFullYear() ? day : dayAndYear).format(at);
}

/** @type {Record<string, (at: Date, now: Date) => string>} */
const STYLES = {
  both: dayAndClock,
  ago,
  clock: (at) => clock.format(at),
  date: dateOf,
  full: (at, now) => `${dateOf(at, now)} ${short.format(at)}`,
};

/**
 * Rewrites every `<time data-time>` below `root`. Call it for what a script has added.
 * @param {ParentNode} root
 */
export function showTimes(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[data-time]")) {
    if (!(element instanceof HTMLTimeElement)) continue;
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const style = STYLES[element.dataset.time ?? "both"] ?? dayAndClock;
    const text = style(at, now);
    if (element.textContent !== text) element.textContent = text;
    untitled.add(element);
  }
  planTitles();
}

/**
 * Times whose whole text is written once the browser has nothing else to do: a list has thousands, and that text takes
 * the longest.
 * @type {Set<HTMLTimeElement>}
 */
const untitled = new Set();
let isPlanned = false;

/** Safari has no idle time. @type {(work: IdleRequestCallback) => void} */
const whenIdle =
  globalThis.requestIdleCallback ?? ((work) => setTimeout(() => work({ didTimeout: true, timeRemaining: () => 0 }), 100));

function planTitles() {
  if (isPlanned || !untitled.size) return;
  isPlanned = true;
  whenIdle(writeTitles);
}

/** @param {IdleDeadline} deadline */
function writeTitles(deadline) {
  const now = new Date();
  for (const element of untitled) {
    untitled.delete(element);
    const at = new Date(element.dateTime);
    const title = `${whole.format(at)} (${ago(at, now)})`;
    if (element.title !== title) element.title = title;
    if (!deadline.didTimeout && deadline.timeRemaining() < 1) break;
  }
  isPlanned = false;
  planTitles();
}

// "12 min ago" grows old.
setInterval(() => showTimes(document), 20_000);
document.addEventListener("visibilitychange", () => document.hidden || showTimes(document));
