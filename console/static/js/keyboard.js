// @ts-check
// Keys that every page has. A list marks its rows with `data-row`; the link of a row, `data-open`, opens it.

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** @param {1 | -1} step */
function moveRow(step) {
  /** @type {HTMLElement[]} */
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row instanceof HTMLElement);
  if (!rows.length) return;
  const current = rows.findIndex((row) => row.contains(document.activeElement) || row.matches("[data-current]"));
  const index = current < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, current + step));
  for (const row of rows) row.removeAttribute("data-current");
  const row = rows[index];
  row.setAttribute("data-current", "");
  const link = row.querySelector("a[data-open], a, button, input");
  if (link instanceof HTMLElement) link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function openRow() {
  const link = document.querySelector("[data-row][data-current] a[data-open]");
  if (link instanceof HTMLElement && document.activeElement !== link) link.click();
}

/** @param {string} key */
function goTo(key) {
  const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  if (link instanceof HTMLAnchorElement) location.assign(link.href);
}

function showHelp() {
  const dialog = document.querySelector("[data-keyboard-help]");
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

function focusSearch() {
  const field = document.querySelector("[data-search-here]") ?? document.querySelector("[data-search]");
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  }
}

/** @type {Record<string, () => void>} */
const KEYS = {
  "/": focusSearch,
  "?": showHelp,
  j: () => moveRow(1),
  k: () => moveRow(-1),
  Enter: openRow,
};

/** Listens for the whole page. */
export function startKeyboard() {
  let goes = false; // after `g`
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape" && event.target instanceof HTMLElement) event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (goes) {
      goes = false;
      goTo(event.key);
      return;
    }
    if (event.key === "g") {
      goes = true;
      setTimeout(() => (goes = false), 1500);
      return;
    }
    const act = KEYS[event.key];
    if (!act) return;
    if (event.key !== "Enter") event.preventDefault();
    act();
  });
}
