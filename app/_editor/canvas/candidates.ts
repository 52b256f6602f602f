/** The nodes that a popup offers: all of them, or those that really fit a loose end or a wire. */
import { useEffect, useState } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { compositeType } from "#nodes/graph/composites";
import { fitsInto, portsFitting } from "#nodes/graph/inserting";
import { typeFrom, typeInto } from "#nodes/graph/site";
import { useEditorStore } from "../context";
import { fittingTo } from "../node-catalogue";
import { siteOf } from "../site";
import type { EditorState } from "../store";
import type { AddRequest } from "./requests";

export interface Candidate {
  type: string;
  title: string;
  description?: string;
  definition?: NodeDefinition;
  /** Its ports that fit the loose end. */
  ports: readonly string[];
}

/** What is wired: the type of it, for a text. */
export function typeOfRequest(state: EditorState, { from, into }: AddRequest): string | undefined {
  const site = siteOf(state);
  if (into) return typeFrom(site, into.from);
  if (!from) return undefined;
  return from.side === "source" ? typeFrom(site, from) : typeInto(site, from);
}

/** Milliseconds of checking at a time: the list grows, and what is typed is never waited for. */
const slice = 12;

/** Nodes for a request, and whether all were looked at. Those that fit are found by the real check. */
export function useCandidates(
  request: AddRequest,
  isFiltered: boolean,
): { found: readonly Candidate[]; isDone: boolean } {
  const store = useEditorStore();
  const [result, setResult] = useState<{ found: Candidate[]; isDone: boolean }>({ found: [], isDone: false });
  useEffect(() => {
    const state = store.getState();
    if (!isFiltered) return setResult({ found: everyNode(state), isDone: true });
    const waiting = everyNode(state).filter(({ definition }) => mayFit(state, request, definition));
    const found: Candidate[] = [];
    let timer = 0;
    function look(): void {
      const start = performance.now();
      while (waiting.length && performance.now() - start < slice) {
        const candidate = waiting.shift() as Candidate;
        const ports = portsFor(state, request, candidate.type);
        if (ports) found.push({ ...candidate, ports });
      }
      setResult({ found: [...found], isDone: !waiting.length });
      if (waiting.length) timer = window.setTimeout(look, 0);
    }
    look();
    return () => window.clearTimeout(timer);
  }, [store, request, isFiltered]);
  return result;
}

function everyNode({ history }: EditorState): Candidate[] {
  const composites = Object.entries(history.present.composites ?? {}).map(([id, { title, description }]) => ({
    type: compositeType(id),
    title,
    description,
    ports: [],
  }));
  const types = fittingTo(undefined).map((definition) => {
    const { type, title, description } = definition;
    return { type, title, description, definition, ports: [] };
  });
  return [...composites, ...types];
}

/** Whether a node has ports of the right types at all; of composites only the check knows. */
function mayFit(state: EditorState, request: AddRequest, definition: NodeDefinition | undefined): boolean {
  if (!definition) return true;
  const has = (side: "inputs" | "outputs", type: string | undefined) =>
    Object.values<Port>(definition[side]).some((port) => port.type === type);
  const type = typeOfRequest(state, request);
  if (request.into) return has("inputs", type) && has("outputs", typeInto(siteOf(state), request.into.to));
  return has(request.from?.side === "source" ? "inputs" : "outputs", type);
}

/**
 * The ports that fit a loose end; an empty list for a wire that the node can be put into; nothing if it does not fit.
 */
function portsFor(state: EditorState, { from, into }: AddRequest, type: string): string[] | undefined {
  const site = siteOf(state);
  if (into) return fitsInto(site, into, type) ? [] : undefined;
  const ports = from ? portsFitting(site, from, type) : [];
  return ports.length ? ports : undefined;
}
