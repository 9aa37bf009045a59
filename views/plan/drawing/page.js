"use strict";
(() => {
  const steps = new Map([...document.querySelectorAll("a.step")].map((step) => [step.dataset.step, step]));
  const lines = [...document.querySelectorAll(".arrow, .arc")];
  const panel = document.getElementById("panel");
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  let pinned = null;

  const card = (step) => document.getElementById(`step-${step.dataset.step}`);

  const show = (step) => {
    for (const other of steps.values()) other.classList.toggle("active", other === step);
    const number = step && step.dataset.step;
    for (const line of lines) {
      line.classList.toggle("active", Boolean(step) && (line.dataset.from === number || line.dataset.to === number));
    }
    panel.hidden = !step;
    if (step) panel.replaceChildren(...[...card(step).children].map((child) => child.cloneNode(true)));
  };

  const neighbour = (step, towards) => {
    const [here, there] = towards === "ArrowRight" ? ["from", "to"] : ["to", "from"];
    const line = lines.find((one) => one.classList.contains("arrow") && one.dataset[here] === step.dataset.step);
    return line && steps.get(line.dataset[there]);
  };

  for (const step of steps.values()) {
    step.addEventListener("mouseenter", () => pinned || show(step));
    step.addEventListener("mouseleave", () => pinned || show(null));
    step.addEventListener("focus", () => show(step));
    step.addEventListener("blur", () => pinned || show(null));
    step.addEventListener("click", (event) => {
      event.preventDefault();
      pinned = pinned === step ? null : step;
      show(pinned);
    });
    step.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
      const next = neighbour(step, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: "nearest", inline: "center" });
    });
  }

  const matches = (words) => [...steps.values()].filter((step) => {
    const text = `${step.getAttribute("aria-label")} ${card(step).textContent}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = new Set(matches(words));
    for (const step of steps.values()) {
      step.classList.toggle("dim", !kept.has(step));
      card(step).hidden = !kept.has(step);
    }
    for (const line of lines) line.classList.toggle("dim", words.length > 0);
    found.textContent = words.length ? `${kept.size} of ${steps.size}` : "";
    return kept;
  };

  search.closest("label").hidden = false;
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const [first] = filter();
    if (first) {
      first.focus();
      first.scrollIntoView({ block: "center", inline: "center" });
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      pinned = null;
      search.value = "";
      filter();
      show(null);
    } else if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });
})();
