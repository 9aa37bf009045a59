// @ts-check
// Says on the page that it is not kept current, since when and why.

import { watchConnection } from "./follow.js";

const PATIENCE = 1_500; // a restart of the console is over by then
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @returns {HTMLElement} */
function place() {
  const found = document.getElementById("connection");
  if (found) return found;
  const made = document.createElement("p");
  made.id = "connection";
  made.className = "connection";
  made.setAttribute("role", "status");
  made.hidden = true;
  document.body.prepend(made);
  return made;
}

/**
 * @param {string} text empty: all is well
 * @param {HTMLElement[]} more
 */
function show(text, ...more) {
  const element = place();
  element.replaceChildren(text, ...more);
  element.hidden = !text;
}

function signInLink() {
  const link = document.createElement("a");
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.textContent = "Sign in";
  return link;
}

/** @param {string} since */
function at(since) {
  return clock.format(new Date(since));
}

/** Nobody is signed in any more. */
export function showSessionEnd() {
  show("Your session has ended, so this page is not kept current. ", signInLink());
}

/** Watches the stream of this page. */
export function startMark() {
  let timer = 0;
  /** @type {Map<string, string>} topic → what is wrong with it */
  const problems = new Map();
  const showProblems = () => show([...problems.values()][0] ?? "");
  watchConnection((message) => {
    if (message.kind === "state") {
      const { topic, problem, since } = message;
      if (problem) problems.set(topic, `Not kept current since ${at(since ?? "")}: ${problem}`);
      else problems.delete(topic);
      return showProblems();
    }
    clearTimeout(timer);
    if (message.state === "open") return showProblems();
    if (message.state === "ended") return showSessionEnd();
    if (message.state === "refused") return show(`This page is not kept current: ${message.message}`);
    const because = message.message ? ` (${message.message})` : "";
    const wait = Math.max(0, PATIENCE - (Date.now() - Date.parse(message.since)));
    timer = setTimeout(() => show(`Connection lost at ${at(message.since)}${because}. Trying again …`), wait);
  });
}
