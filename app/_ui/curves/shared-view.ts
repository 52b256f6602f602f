/** Several plots that look at the same part of their common axis: what one of them is moved to, all of them show. */
import type { Span } from "./buckets";

export interface SharedView {
  /** The part that is looked at; all of it while there is none. */
  span: Span | undefined;
  /** What draws each of the plots anew. */
  plots: Set<() => void>;
  /** By it the plots show one pointer. */
  key: string;
  isDue: boolean;
}

let made = 0;

export function sharedView(): SharedView {
  made++;
  return { span: undefined, plots: new Set(), key: `curves ${made}`, isDue: false };
}

/** Has all plots look at a part, or at all there is; once a frame, however often the wheel turns. */
export function lookAt(view: SharedView, span: Span | undefined): void {
  view.span = span;
  if (view.isDue) return;
  view.isDue = true;
  requestAnimationFrame(() => {
    view.isDue = false;
    for (const draw of view.plots) draw();
  });
}
