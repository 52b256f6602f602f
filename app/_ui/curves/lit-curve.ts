import type uPlot from "uplot";
import { themed } from "../theme";

/** How much of what does not stand out is left to see. */
const faded = 0.2;

/**
 * One curve that stands out: drawn on a canvas over the plot's own, above a veil that fades all others. Whatever stands
 * out, the plot need not draw its curves anew; when it does, this is drawn again too.
 */
export class LitCurve {
  readonly #over = document.createElement("canvas");
  #series: number | undefined;

  constructor(readonly plot: uPlot) {
    Object.assign(this.#over.style, { position: "absolute", inset: "0", pointerEvents: "none" });
    plot.over.before(this.#over);
    plot.hooks.draw = [() => this.#draw()];
  }

  /** Which series of the plot stands out, if any. */
  light(series: number | undefined): void {
    if (series === this.#series) return;
    this.#series = series;
    this.#draw();
  }

  #draw(): void {
    const { width, height } = this.plot.ctx.canvas;
    // To set a size empties a canvas.
    Object.assign(this.#over, { width, height });
    const series = this.plot.series[this.#series ?? -1];
    const pen = this.#over.getContext("2d");
    if (!series || !pen) return;
    const { left, top, width: across, height: down } = this.plot.bbox;
    pen.beginPath();
    pen.rect(left, top, across, down);
    pen.clip();
    pen.globalAlpha = 1 - faded;
    pen.fillStyle = themed("--surface");
    pen.fillRect(left, top, across, down);
    const paths = series.paths?.(this.plot, this.#series as number, 0, this.plot.data[0].length - 1);
    if (!(paths?.stroke instanceof Path2D)) return;
    const { stroke } = series;
    pen.globalAlpha = 1;
    pen.lineJoin = "round";
    pen.lineWidth = (series.width ?? 1) * devicePixelRatio;
    pen.strokeStyle = typeof stroke === "function" ? stroke(this.plot, this.#series as number) : (stroke ?? "");
    pen.stroke(paths.stroke);
  }
}
