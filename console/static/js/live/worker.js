// @ts-check
// A SharedWorker: one for all tabs of a browser, which may have only six connections to a host.

import { Connection } from "./connection.js";

/** @type {Map<MessagePort, Set<string>>} tab → topics */
const tabs = new Map();
const connection = new Connection("/live", deliver);

/** @param {any} message */
function deliver(message) {
  for (const [port, topics] of tabs) {
    if (message.kind === "connection" || topics.has(message.topic)) port.postMessage(message);
  }
}

/** @param {string} topic */
function isWanted(topic) {
  return [...tabs.values()].some((topics) => topics.has(topic));
}

/**
 * @param {MessagePort} port
 * @param {string} topic
 */
function drop(port, topic) {
  tabs.get(port)?.delete(topic);
  if (!isWanted(topic)) connection.unfollow(topic);
}

/** @param {MessagePort} port */
function leave(port) {
  const topics = tabs.get(port) ?? new Set();
  tabs.delete(port);
  for (const topic of topics) if (!isWanted(topic)) connection.unfollow(topic);
}

/**
 * @param {MessagePort} port
 * @param {any} message
 */
function receive(port, message) {
  if (message.lock) {
    // The tab holds this lock for as long as it lives, also if it crashes.
    navigator.locks?.request(message.lock, () => leave(port));
  } else if (message.follow) {
    tabs.get(port)?.add(message.follow);
    connection.follow(message.follow, message.since);
    if (connection.state.state !== "open") port.postMessage(connection.state);
    const state = connection.topicStates.get(message.follow);
    if (state) port.postMessage(state);
  } else if (message.unfollow) {
    drop(port, message.unfollow);
  } else if (message.leave) {
    leave(port);
  }
}

/** @type {any} */ (globalThis).onconnect = (/** @type {MessageEvent} */ event) => {
  const port = event.ports[0];
  tabs.set(port, new Set());
  port.onmessage = (event) => receive(port, event.data);
};
