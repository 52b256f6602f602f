/**
 * While a wire is drawn, the ports that it fits light up and all others fade. Verdicts come in slices: of a large graph
 * they take longer than a frame. Ports are marked on the page itself, and `globals.css` says how marks look: thousands
 * of them are not to be drawn anew for each wire.
 */
import type { Connection } from "@xyflow/react";
import type { EditorState } from "../store";
import { definitionAt } from "../context";

export interface HeldEnd {
  node: string;
  port: string;
  side: "source" | "target";
}

/** Milliseconds that verdicts may take of a frame. */
const slice = 8;
const mark = "data-fit";

/** Lights ports up; gives a function that puts them out. */
export function lightPorts(
  state: EditorState,
  held: HeldEnd,
  isFitting: (connection: Connection) => boolean,
  canvas: HTMLElement,
): () => void {
  const wanted = typeAt(state, held);
  const waiting: { handle: HTMLElement; connection: Connection }[] = [];
  const all = [...canvas.querySelectorAll<HTMLElement>(".react-flow__handle")];
  for (const handle of all) {
    const end = endOf(handle);
    if (end.side === held.side) continue; // all but the held one fade with the canvas's mark
    const isCandidate = end.node !== held.node && typeAt(state, end) === wanted;
    if (wanted !== undefined && !isCandidate) handle.setAttribute(mark, "no");
    else waiting.push({ handle, connection: connectionOf(held, end) });
  }
  canvas.dataset.wiring = held.side;
  let timer = 0;
  function look(): void {
    const start = performance.now();
    while (waiting.length && performance.now() - start < slice) {
      const { handle, connection } = waiting.shift() as (typeof waiting)[number];
      handle.setAttribute(mark, isFitting(connection) ? "yes" : "no");
    }
    if (waiting.length) timer = window.setTimeout(look, 0);
  }
  look();
  return () => {
    window.clearTimeout(timer);
    delete canvas.dataset.wiring;
    for (const handle of canvas.querySelectorAll(`[${mark}]`)) handle.removeAttribute(mark);
  };
}

function endOf({ dataset, classList }: HTMLElement): HeldEnd {
  const side = classList.contains("source") ? "source" : "target";
  return { node: dataset.nodeid ?? "", port: dataset.handleid ?? "", side };
}

export function connectionOf(one: HeldEnd, other: HeldEnd): Connection {
  const [source, target] = one.side === "source" ? [one, other] : [other, one];
  return { source: source.node, sourceHandle: source.port, target: target.node, targetHandle: target.port };
}

/** What a port carries; nothing for one of a boundary that is still to be made. */
function typeAt(state: EditorState, { node, port, side }: HeldEnd): string | undefined {
  const definition = definitionAt(state, node);
  const ports = side === "source" ? definition?.outputs : definition?.inputs;
  return ports?.[port]?.type;
}
