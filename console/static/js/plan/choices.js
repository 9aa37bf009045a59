// @ts-check
/** What a person has chosen to see. All of it is in the address, so that a link shows the same. */

/**
 * @typedef {object} Choices
 * @property {string} as  matrix or lanes; empty: whichever suits the plan
 * @property {boolean} each  each lane by itself
 * @property {boolean} matters  only what matters
 * @property {string} q
 * @property {string} state  a category, or `late`
 * @property {string} sort  urgent, line or the id of a step's definition
 */

/** @returns {Choices} */
export function readChoices() {
  const given = new URLSearchParams(location.search);
  return {
    as: given.get("as") ?? "",
    each: given.get("lines") === "each",
    matters: given.get("show") === "matters",
    q: given.get("q") ?? "",
    state: given.get("state") ?? "",
    sort: given.get("sort") ?? "urgent",
  };
}

/** @param {Choices} choices */
export function choicesUrl(choices) {
  const url = new URL(location.href);
  const written = {
    as: choices.as, lines: choices.each ? "each" : "", show: choices.matters ? "matters" : "",
    q: choices.q, state: choices.state, sort: choices.sort === "urgent" ? "" : choices.sort,
  };
  for (const [name, value] of Object.entries(written)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  return url;
}
