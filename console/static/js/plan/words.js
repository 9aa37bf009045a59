// @ts-check
/** States and clocks in words. The signs and words of states come from the server, the same as everywhere. */

import { dayAndClock } from "../times.js";

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** @type {Record<string, [string, string]>} */
let marks = {};

/** @param {Record<string, [string, string]>} given  state → sign and word */
export function setMarks(given) {
  marks = given;
}

/** @param {string} state */
export function sign(state) {
  return marks[state]?.[0] ?? "?";
}

/** @param {string} state */
export function word(state) {
  return marks[state]?.[1] ?? state.replaceAll("_", " ");
}

/** `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. @param {number} milliseconds */
export function elapsed(milliseconds) {
  const span = Math.max(0, Math.round(milliseconds / 1000) * 1000);
  if (span < MINUTE) return `${span / 1000} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  const [unit, size, part, rest] = span < DAY ? ["h", HOUR, "min", MINUTE] : ["d", DAY, "h", HOUR];
  const more = Math.floor((span % size) / rest);
  return `${Math.floor(span / size)} ${unit}${more ? ` ${more} ${part}` : ""}`;
}

/** @type {Map<number, string>} minute → its text: many steps are expected at the same time */
const known = new Map();
let knownOn = "";

/** `14:05` today, `3 Dec 14:05` on another day. @param {number} at @param {number} now */
export function shortTime(at, now) {
  const today = new Date(now), minute = Math.floor(at / MINUTE);
  if (today.toDateString() !== knownOn || known.size > 10_000) {
    knownOn = today.toDateString();
    known.clear();
  }
  let text = known.get(minute);
  if (text === undefined) known.set(minute, (text = dayAndClock(new Date(at), today)));
  return text;
}

/** @param {string | undefined} iso */
const parse = (iso) => (iso ? Date.parse(iso) : NaN);

/** `in 5 min`, or what is said once that is past. @param {number} at @param {number} now @param {string} past */
function until(at, now, past) {
  return at > now ? `in ${elapsed(at - now)}` : past;
}

/**
 * What a person wants to know about the step now, in a few words.
 *
 * @param {import("./states.js").States} states
 * @param {number} at
 * @param {string} kind
 * @returns {{text: string, moves: boolean}} moves: whether the text changes with time
 */
export function remark(states, at, kind) {
  const item = states.items.get(at), now = states.now(), state = states.shown(at);
  const shown = states.isUndoUnderWay(at) && item?.undo ? { ...item, ...item.undo } : item;
  const make = REMARKS[state];
  const text = make ? make(shown ?? { number: at + 1, state }, { states, at, kind, now }) : "";
  const late = lateText(states, at, now);
  const undo = states.isUndoUnderWay(at) ? (state === "pending" ? "to be undone" : "undo") : "";
  return { text: [undo, late, text, slaText(states, at, now)].filter(Boolean).join(" · "), moves: !states.isSettled(at) && state !== "pending" };
}

/** How long its sla leaves a step that is on time. @param {import("./states.js").States} states @param {number} at @param {number} now */
function slaText(states, at, now) {
  const lateAt = parse(states.items.get(at)?.late_at);
  return isNaN(lateAt) || lateAt <= now || states.isSettled(at) || states.lateness(at) ? "" : `sla ${elapsed(lateAt - now)}`;
}

/** @param {import("./states.js").States} states @param {number} at @param {number} now */
function lateText(states, at, now) {
  const lateness = states.lateness(at), lateAt = parse(states.items.get(at)?.late_at);
  if (!lateness || isNaN(lateAt)) return lateness === "late" ? "late" : lateness ? "at risk" : "";
  return lateAt <= now ? `late ${elapsed(now - lateAt)}` : `late in ${elapsed(lateAt - now)}`;
}

/**
 * A clock or a code of the step, for places with little room; empty if it has none.
 *
 * @param {import("./states.js").States} states
 * @param {number} at
 */
export function shortRemark(states, at) {
  const item = states.items.get(at), now = states.now(), state = states.shown(at);
  if (!item || states.isSettled(at)) return "";
  const shown = states.isUndoUnderWay(at) ? { ...item, ...item.undo } : item;
  const lateAt = parse(item.late_at), next = parse(shown.next_attempt_at), due = parse(shown.due);
  if (states.lateness(at) === "late" && !isNaN(lateAt)) return `late ${span(now - lateAt)}`;
  if (state === "fatally_failed") return shown.error?.code ?? "";
  if (state === "failed") return isNaN(next) ? "" : span(next - now);
  if (!isNaN(due)) return span(due - now);
  const start = states.starts[at];
  return state === "in_progress" && !isNaN(start) ? span(now - start) : "";
}

/** `5 h`. @param {number} milliseconds */
function span(milliseconds) {
  return elapsed(milliseconds).split(" ").slice(0, 2).join(" ");
}

/** @typedef {{states: import("./states.js").States, at: number, kind: string, now: number}} Context */

/** @type {Record<string, (item: import("./states.js").Item, context: Context) => string>} */
const REMARKS = {
  pending: (_, { states, at, now }) => {
    const start = states.starts[at];
    return isNaN(start) || states.isUndoUnderWay(at) ? "" : `from ${shortTime(Math.max(start, now), now)}`;
  },
  scheduled: (item, { now }) => (item.due ? `starts ${until(parse(item.due), now, "now")}` : "scheduled"),
  ready: () => "waits for capacity",
  failed: (item, { now }) => {
    const next = parse(item.next_attempt_at);
    const again = isNaN(next) ? "trying again" : `again ${until(next, now, "now")}`;
    return `${again}, attempt ${item.attempts ?? 1} failed`;
  },
  fatally_failed: (item) => item.error?.code ?? "in fallout",
  on_hold: (item) => item.hold ?? item.waits_for ?? "on hold",
  in_progress: (item, { states, at, kind, now }) => {
    const due = parse(item.due);
    if (!isNaN(due)) return `${kind === "wait" ? "ends" : "times out"} ${until(due, now, "now")}`;
    if (item.holder) return `held by ${item.holder}`;
    if (kind === "manual") return item.queue ?? "waits for a person";
    if (item.attempts && item.attempts > 1) return `attempt ${item.attempts}`;
    const start = states.starts[at];
    return isNaN(start) ? "running" : `for ${elapsed(now - start)}`;
  },
  completed: (item, { states, at }) => {
    const span = states.ends[at] - states.starts[at];
    const tries = item.attempts && item.attempts > 1 ? `${item.attempts} attempts, ` : "";
    return isNaN(span) ? "" : `${tries}took ${span < 1000 ? "less than 1 s" : elapsed(span)}`;
  },
  failed_accepted: (item) => item.error?.code ?? "",
};
