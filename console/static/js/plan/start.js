// @ts-check
/** Asks for a plan's data before the rest of the scripts is there. */

const root = document.getElementById("plan");
if (root) {
  const urls = [root.dataset.structure ?? "", root.dataset.states ?? ""];
  const wanted = new URLSearchParams(location.search);
  if (wanted.get("as") === "lanes" && wanted.get("lines") === "each") urls.push(root.dataset.lanes ?? "");
  const responses = urls.map((url) => fetch(url, { headers: { Accept: "application/json" } }));
  const { openPlan } = await import("./plan.js");
  openPlan(root, responses);
}
