import type { RefObject } from "react";
import type uPlot from "uplot";
import { onThemeTurn } from "./theme";

/**
 * Keeps a plot in an element: made now and again when the theme turns, and told of the element's other widths. Gives
 * what takes it away.
 */
export function keepPlot(
  element: HTMLElement,
  plot: RefObject<uPlot | undefined>,
  make: () => uPlot,
  onWidth: (plot: uPlot, width: number) => void,
): () => void {
  function draw(): void {
    plot.current?.destroy();
    plot.current = make();
  }
  draw();
  const sized = new ResizeObserver(() => {
    if (element.clientWidth && plot.current) onWidth(plot.current, element.clientWidth);
  });
  sized.observe(element);
  const endTheme = onThemeTurn(draw);
  return () => {
    sized.disconnect();
    endTheme();
    plot.current?.destroy();
    plot.current = undefined;
  };
}
