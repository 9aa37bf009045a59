// @ts-check
// Reads a stream of server-sent events. `EventSource` would not tell why the console refuses a stream.

/**
 * @typedef {object} StreamEvent
 * @property {string} kind
 * @property {string} id empty if the event has none
 * @property {any} data
 */

export class StreamRefused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {number} retrySeconds 0: the console names no time
   */
  constructor(status, message, retrySeconds) {
    super(message);
    this.status = status;
    this.retrySeconds = retrySeconds;
  }
}

/**
 * @param {string} block the lines of one event
 * @returns {StreamEvent}
 */
export function parseEvent(block) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
  }
  return { kind: fields.event ?? "message", id: fields.id ?? "", data: fields.data ? JSON.parse(fields.data) : null };
}

/** @param {Response} response */
async function refusal(response) {
  let message = "";
  try {
    message = (await response.json()).error.message;
  } catch {
    message = `The console answered ${response.status}`;
  }
  return new StreamRefused(response.status, message, Number(response.headers.get("retry-after")) || 0);
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {() => void} onSign is called whenever something arrives
 * @returns {AsyncGenerator<StreamEvent>}
 */
export async function* readEvents(url, signal, onSign) {
  const response = await fetch(url, { signal, headers: { Accept: "text/event-stream", "X-Refresh": "1" }, cache: "no-store" });
  if (!response.ok || !response.body) throw await refusal(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onSign();
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) yield parseEvent(block);
  }
}
