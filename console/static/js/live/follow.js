// @ts-check
// What pages use: `follow` a topic, and get its changes. console/live/items.py says what each topic tells.

import { Connection } from "./connection.js";

/**
 * @typedef {object} Change
 * @property {string} topic
 * @property {string} [id]
 * @property {true} [gap] something was missed: get your data again
 * @property {any} [head] the whole, whenever something of it has changed
 * @property {any[]} [items] what has changed, each one whole; an absent field is null
 * @property {string[]} [gone] keys of items that are gone
 */
/** @typedef {(change: Change) => void} OnChange */
/** @typedef {import("./connection.js").ConnectionState} ConnectionState */
/**
 * @typedef {object} TopicState
 * @property {"state"} kind
 * @property {string} topic
 * @property {string} [problem] why it is not followed at present
 * @property {string} [since]
 */

/** @type {Map<string, Set<OnChange>>} */
const followers = new Map();
/** @type {Set<(state: ConnectionState | TopicState) => void>} */
const watchers = new Set();

/** @param {any} message */
function take(message) {
  if (message.kind === "change") for (const onChange of followers.get(message.topic) ?? []) onChange(message.change);
  else for (const watcher of watchers) watcher(message);
}

/**
 * @typedef {object} Line
 * @property {(topic: string, since: string) => void} follow
 * @property {(topic: string) => void} unfollow
 */

/** @returns {Line} */
function shared() {
  const url = new URL("./worker.js", import.meta.url);
  const worker = new SharedWorker(url, { type: "module", name: "ordo-live" });
  worker.port.onmessage = (event) => take(event.data);
  if (navigator.locks) {
    const lock = `ordo-tab-${crypto.randomUUID()}`;
    navigator.locks.request(lock, () => {
      worker.port.postMessage({ lock });
      return new Promise(() => {});
    });
  }
  addEventListener("pagehide", () => worker.port.postMessage({ leave: true }));
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  return {
    follow: (topic, since) => worker.port.postMessage({ follow: topic, since }),
    unfollow: (topic) => worker.port.postMessage({ unfollow: topic }),
  };
}

/**
 * Where there are no shared workers, as on Android: a stream of its own, while the page is visible.
 * @returns {Line}
 */
function own() {
  const connection = new Connection("/live", take);
  const turn = () => (document.hidden ? connection.suspend() : connection.resume());
  document.addEventListener("visibilitychange", turn);
  addEventListener("pagehide", () => connection.suspend());
  addEventListener("pageshow", (event) => event.persisted && connection.resume());
  turn();
  return {
    follow: (topic, since) => connection.follow(topic, since),
    unfollow: (topic) => connection.unfollow(topic),
  };
}

/** @type {Line | null} */
let line = null;

function theLine() {
  line ??= "SharedWorker" in globalThis ? shared() : own();
  return line;
}

/**
 * @param {string} topic such as `orders` or `order/ORD-1`
 * @param {string} since the mark that came with the page's data; empty: from now on
 * @param {OnChange} onChange
 * @returns {() => void} stops following
 */
export function follow(topic, since, onChange) {
  const known = followers.get(topic) ?? new Set();
  followers.set(topic, known.add(onChange));
  theLine().follow(topic, since);
  return () => {
    known.delete(onChange);
    if (known.size) return;
    followers.delete(topic);
    theLine().unfollow(topic);
  };
}

/**
 * @param {(state: ConnectionState | TopicState) => void} watcher learns when the connection is lost and comes back, and
 * when a topic is not followed at present
 */
export function watchConnection(watcher) {
  watchers.add(watcher);
}
