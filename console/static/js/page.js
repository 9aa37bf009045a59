// @ts-check
// What every page does: times in the viewer's zone, the keyboard, menus, and leaving with who signs out.

import { startKeyboard } from "./keyboard.js";
import { startSession } from "./session.js";
import { showTimes } from "./times.js";

showTimes(document);
startKeyboard();
startSession();

for (const menu of document.querySelectorAll("details.person-menu")) {
  document.addEventListener("click", (event) => {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute("open");
  });
}
