// @ts-check
// The one stream of a browser: follows what its tabs want, and comes back after it is cut off.

import { readEvents, StreamRefused } from "./event_stream.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const SILENCE = 25_000; // the console shows every 10 s that it is alive
const GATHER = 30; // milliseconds in which several tabs and topics become one stream
const LINGER = 2_000; // milliseconds between the last page and the next one

/**
 * @typedef {object} ConnectionState
 * @property {"connection"} kind
 * @property {"open" | "lost" | "ended" | "refused"} state ended: nobody is signed in any more
 * @property {string} since when it was lost, as an ISO time; empty if it is open
 * @property {string} message from the console; may be empty
 */

/**
 * @typedef {object} Message
 * @property {"change" | "state" | "connection"} kind
 * @property {string} [topic]
 */

const UNKNOWN = "unknown.0"; // no process of the console has written it: the console answers with a gap

/** @param {string} mark */
function split(mark) {
  const at = mark.lastIndexOf(".");
  return { process: mark.slice(0, at), number: Number(mark.slice(at + 1)) };
}

/**
 * Whether a page with `mark` has all changes up to the one with `id`.
 * @param {string} mark empty: it wants what comes
 * @param {string} id empty: there was none
 */
export function covers(mark, id) {
  if (!mark || !id) return true;
  const [page, last] = [split(mark), split(id)];
  return page.process === last.process && page.number >= last.number;
}

/**
 * The mark that is right for two pages. A page that was made by another process of the console has missed something.
 * @param {string} mark
 * @param {string} other
 */
export function earlier(mark, other) {
  if (!mark || !other) return mark || other;
  const [one, two] = [split(mark), split(other)];
  if (one.process !== two.process) return UNKNOWN;
  return one.number < two.number ? mark : other;
}

export class Connection {
  /**
   * @param {string} url of the stream
   * @param {(message: any) => void} deliver gets each Message
   */
  constructor(url, deliver) {
    this.url = url;
    this.deliver = deliver;
    /** @type {Map<string, string>} topic → the mark up to which its changes were delivered */
    this.marks = new Map();
    /** @type {Map<string, string>} topic → the id of its last change */
    this.lastIds = new Map();
    /** @type {Map<string, any>} topic → the last message about its state */
    this.topicStates = new Map();
    /** @type {ConnectionState} */
    this.state = { kind: "connection", state: "open", since: "", message: "" };
    /** @type {Set<string>} */
    this.open = new Set();
    this.isPaused = false;
    this.pause = FIRST_PAUSE;
    /** @type {AbortController | null} */
    this.abort = null;
    this.timer = 0;
  }

  /**
   * @param {string} topic
   * @param {string} since the mark of a page's data; empty: from now on
   */
  follow(topic, since) {
    const mark = this.marks.get(topic);
    if (mark === undefined) this.marks.set(topic, since);
    else if (this.open.has(topic) && covers(since, this.lastIds.get(topic) || mark)) return;
    else this.marks.set(topic, earlier(since, mark));
    this.reopenIn(GATHER);
  }

  /** @param {string} topic */
  unfollow(topic) {
    this.marks.delete(topic);
    this.lastIds.delete(topic);
    this.topicStates.delete(topic);
    if (!this.marks.size) this.reopenIn(LINGER);
  }

  /** While nobody looks. */
  suspend() {
    this.isPaused = true;
    this.close();
  }

  resume() {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.reopenIn(0);
  }

  close() {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.abort = null;
    this.open = new Set();
  }

  /** @param {number} milliseconds */
  reopenIn(milliseconds) {
    if (this.isPaused) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.close();
      if (this.marks.size) this.run();
    }, milliseconds);
  }

  async run() {
    const abort = new AbortController();
    this.abort = abort;
    this.open = new Set(this.marks.keys());
    const query = new URLSearchParams([...this.marks].map(([topic, mark]) => ["topic", `${topic}@${mark}`]));
    let silence = 0;
    const hear = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE);
    };
    hear();
    let next = this.pause;
    try {
      for await (const event of readEvents(`${this.url}?${query}`, abort.signal, hear)) {
        if (this.abort !== abort) return;
        if (!this.take(event)) return;
      }
    } catch (error) {
      if (this.abort !== abort) return; // it was closed for another stream
      if (error instanceof StreamRefused && !this.mayComeBack(error)) return;
      if (error instanceof StreamRefused && error.retrySeconds) next = error.retrySeconds * 1000;
    } finally {
      clearTimeout(silence);
    }
    if (this.abort !== abort) return;
    this.lose("");
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.reopenIn(next * (0.75 + Math.random() / 2));
  }

  /**
   * @param {import("./event_stream.js").StreamEvent} event
   * @returns {boolean} whether to go on
   */
  take(event) {
    if (event.id) for (const topic of this.open) if (this.marks.has(topic)) this.marks.set(topic, event.id);
    if (event.kind === "ready") {
      this.pause = FIRST_PAUSE;
      this.tell({ kind: "connection", state: "open", since: "", message: "" });
    } else if (event.kind === "change") {
      if (event.id) this.lastIds.set(event.data.topic, event.id);
      this.deliver({ kind: "change", topic: event.data.topic, change: event.data });
    } else if (event.kind === "state") {
      const state = { kind: "state", ...event.data };
      this.topicStates.set(event.data.topic, state);
      this.deliver(state);
    } else if (event.kind === "end" && event.data.reason === "signed_out") {
      this.tell({ kind: "connection", state: "ended", since: new Date().toISOString(), message: "" });
      return false;
    }
    return true;
  }

  /** @param {StreamRefused} error */
  mayComeBack(error) {
    if (error.status >= 500 || error.status === 429) {
      this.lose(error.message);
      return true;
    }
    const state = error.status === 401 ? "ended" : "refused";
    this.tell({ kind: "connection", state, since: new Date().toISOString(), message: error.message });
    return false;
  }

  /** @param {string} message */
  lose(message) {
    if (this.state.state === "lost" && this.state.message === message) return;
    const since = this.state.state === "lost" ? this.state.since : new Date().toISOString();
    this.tell({ kind: "connection", state: "lost", since, message: message || this.state.message });
  }

  /** @param {ConnectionState} state */
  tell(state) {
    this.state = state;
    this.deliver(state);
  }
}
