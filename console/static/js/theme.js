// @ts-check
// Runs before the page is drawn, so that it does not flash in the other scheme. Not a module, for that reason.

(() => {
  const KEY = "ordo-theme";
  const root = document.documentElement;

  /** @returns {"light" | "dark" | null} what the person has chosen */
  function chosen() {
    try {
      const value = localStorage.getItem(KEY);
      return value === "light" || value === "dark" ? value : null;
    } catch {
      return null; // storage is switched off
    }
  }

  function isDark() {
    return (chosen() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  }

  function apply() {
    const scheme = chosen();
    if (scheme) root.dataset.theme = scheme;
    else delete root.dataset.theme;
    document.dispatchEvent(new CustomEvent("themechange"));
  }

  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  addEventListener("storage", (event) => event.key === KEY && apply());
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.removeAttribute("hidden");
      button.addEventListener("click", () => {
        const next = isDark() ? "light" : "dark";
        try {
          localStorage.setItem(KEY, next);
        } catch {
          root.dataset.theme = next;
        }
        apply();
      });
    }
  });
})();
