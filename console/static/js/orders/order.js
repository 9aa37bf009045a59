// @ts-check
// One order: copies its id, and changes its tab by number.

function startCopy() {
  if (!navigator.clipboard) return;
  const show = () => {
    for (const button of document.querySelectorAll("[data-copy]")) {
      if (button instanceof HTMLElement) button.hidden = false;
    }
  };
  show();
  document.addEventListener("live:replaced", show);
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    if (!(button instanceof HTMLElement)) return;
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    button.dataset.copied = "";
    setTimeout(() => delete button.dataset.copied, 1200);
  });
}

function startTabKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    if (document.querySelector("dialog[open]") || !/^[1-9]$/.test(event.key)) return;
    const link = document.querySelector(`[data-tab="${event.key}"]`);
    if (link instanceof HTMLAnchorElement) location.assign(link.href);
  });
}

startCopy();
startTabKeys();
