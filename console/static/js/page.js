// @ts-check
// What every page does: times in the viewer's zone, the keyboard, menus.

import { startKeyboard } from "./keyboard.js";
import { showTimes } from "./times.js";

showTimes(document);
startKeyboard();

for (const menu of document.querySelectorAll("details.person-menu")) {
  document.addEventListener("click", (event) => {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute("open");
  });
}
