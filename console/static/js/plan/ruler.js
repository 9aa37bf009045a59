// @ts-check
/** A narrow picture of the whole plan beside the window: where steps are stuck, late, running or found. A click goes there. */

const MARKED = /** @type {const} */ (["running", "retrying", "held", "undo", "fallout"]);

export class Ruler {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} scroller
   */
  constructor(canvas, scroller) {
    this.canvas = canvas;
    this.scroller = scroller;
    canvas.addEventListener("pointerdown", (event) => {
      const share = event.offsetY / canvas.clientHeight;
      scroller.scrollTop = share * scroller.scrollHeight - scroller.clientHeight / 2;
    });
  }

  /** @param {import("./scene.js").Scene} scene @param {{y: number, at: number}[]} places */
  draw(scene, places) {
    const { canvas, scroller } = this, ratio = devicePixelRatio || 1, height = canvas.clientHeight, width = canvas.clientWidth;
    canvas.hidden = scroller.scrollHeight <= scroller.clientHeight + 4;
    if (canvas.hidden || !height) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), style = getComputedStyle(canvas);
    context.scale(ratio, ratio);
    const whole = scroller.scrollHeight;
    for (const category of MARKED) {
      context.fillStyle = style.getPropertyValue(`--plan-${category}`).trim();
      for (const { at, y } of places) {
        if (scene.states.categories[at] === category) context.fillRect(2, Math.round((y / whole) * height), width - 4, 2);
      }
    }
    if (!scene.matches || scene.matches.size > 500) return;
    context.fillStyle = style.getPropertyValue("--plan-active").trim();
    for (const { at, y } of places) if (scene.matches.has(at)) context.fillRect(0, Math.round((y / whole) * height), 2, 3);
  }
}
