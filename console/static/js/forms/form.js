// @ts-check
// Forms: what was typed is not lost by accident, a problem or what was asked for has the focus, a button works once.

import "./moments.js";

const answer = document.querySelector("#refusal, #problems") ?? document.querySelector("#plan.plan-preview");
if (answer instanceof HTMLElement) answer.focus();

for (const form of document.querySelectorAll("form[data-keep-typed]")) {
  if (!(form instanceof HTMLFormElement)) continue;
  let changed = false;
  let sent = false;
  form.addEventListener("input", () => (changed = true));
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    changed = false;
  });
  // A page that comes back from the browser's cache can be sent again.
  addEventListener("pageshow", () => (sent = false));
  addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}
