// @ts-check
// The picture of what an offer becomes fits the page, as far as it stays readable; its steps open their descriptions.

const LEAST = 0.6; // smaller text cannot be read
const SCROLLBAR = 18;

/** @param {HTMLElement} frame */
function fit(frame) {
  frame.style.setProperty("--fit", "1");
  const place = (frame.parentElement?.clientWidth ?? 0) - SCROLLBAR;
  const scale = Math.max(LEAST, Math.min(1, place / frame.scrollWidth));
  frame.style.setProperty("--fit", scale.toFixed(3));
  markCut(frame);
}

/**
 * The edge fades while there is more behind it.
 * @param {HTMLElement} frame
 */
function markCut(frame) {
  frame.toggleAttribute("data-cut", frame.scrollLeft + frame.clientWidth < frame.scrollWidth - 2);
}

function openTarget() {
  const target = location.hash.startsWith("#step-") ? document.getElementById(location.hash.slice(1)) : null;
  const details = target?.closest("details");
  if (!target || !(details instanceof HTMLDetailsElement) || details.open) return;
  details.open = true;
  target.scrollIntoView();
}

const frame = document.querySelector(".plan .scroll");
if (frame instanceof HTMLElement) {
  fit(frame);
  addEventListener("resize", () => fit(frame));
  frame.addEventListener("scroll", () => markCut(frame), { passive: true });
  document.getElementById("show-small")?.addEventListener("change", () => markCut(frame));
}
addEventListener("hashchange", openTarget);
openTarget();
