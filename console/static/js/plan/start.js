// @ts-check
/** Asks for a plan's data before the rest of the scripts is there. */

const root = document.getElementById("plan");
if (root) {
  const urls = [root.dataset.structure ?? "", root.dataset.states ?? ""];
  const responses = urls.map((url) => fetch(url, { headers: { Accept: "application/json" } }));
  const { openPlan } = await import("./plan.js");
  openPlan(root, responses);
}
