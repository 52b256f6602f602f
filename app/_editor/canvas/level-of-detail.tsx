"use client";

import { type ReactFlowState, useStoreApi } from "@xyflow/react";
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { keptChoice, onChoice } from "../../_ui/kept";
import { alwaysDrawn, isFarNow, isWithin, keptNow, manyInView, type Place, usualThreshold, withMargin } from "./judged";

/** `full`: drawn. `kept`: was drawn, and is hidden. `gone`: only its box is there. */
export type Detail = "full" | "kept" | "gone";

interface Judged {
  /** Nodes are plain boxes and wires one drawing: what they say could not be read. */
  isFar: boolean;
  /** The nodes in view and around it; all where it is absent. */
  shown: ReadonlySet<string> | undefined;
  kept: ReadonlySet<string>;
}

/** What is judged of all nodes, and who hears when that changes. */
class Judgement {
  now: Judged;
  readonly #listeners = new Set<() => void>();

  constructor(isFar: boolean) {
    this.now = { isFar, shown: isFar ? new Set() : undefined, kept: new Set() };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(next: Judged): void {
    this.now = next;
    for (const listener of this.#listeners) listener();
  }

  detailOf(id: string): Detail {
    const { isFar, shown, kept } = this.now;
    if (!isFar && (!shown || shown.has(id))) return "full";
    return kept.has(id) ? "kept" : "gone";
  }
}

const Context = createContext(new Judgement(false));
export const LevelOfDetail = Context.Provider;

/** Name of the choice of the zoom, in percent, below which nodes are boxes. */
export const thresholdChoice = "simplify-below";

/** Between two looks at what is in view. */
const pause = 100;

/** Judges the canvas while it moves; to be called once, where `count` nodes are shown. */
export function useJudgement(count: number): Judgement {
  const flow = useStoreApi();
  const [judgement] = useState(() => new Judgement(count > manyInView && thresholdNow() > 0));
  useEffect(() => {
    let timer = 0;
    function look(): void {
      timer = 0;
      const next = judged(judgement.now, flow.getState(), thresholdNow());
      if (next !== judgement.now) judgement.set(next);
    }
    const soon = () => {
      timer ||= window.setTimeout(look, pause);
    };
    look();
    const ends = [flow.subscribe(soon), onChoice(soon)];
    return () => {
      clearTimeout(timer);
      for (const end of ends) end();
    };
  }, [flow, judgement]);
  return judgement;
}

/** Whether nodes are drawn as plain boxes. */
export function useIsFar(): boolean {
  const judgement = useContext(Context);
  return useFarOf(judgement);
}

export function useFarOf(judgement: Judgement): boolean {
  const isFar = () => judgement.now.isFar;
  return useSyncExternalStore(judgement.subscribe, isFar, isFar);
}

/** The nodes in view and around it, while there are too many to draw them all. */
export function useShownOf(judgement: Judgement): ReadonlySet<string> | undefined {
  const shown = () => judgement.now.shown;
  return useSyncExternalStore(judgement.subscribe, shown, shown);
}

/** How much of a node is drawn. */
export function useDetail(id: string): Detail {
  const judgement = useContext(Context);
  const detail = () => judgement.detailOf(id);
  return useSyncExternalStore(judgement.subscribe, detail, detail);
}

function thresholdNow(): number {
  const percent = Number(keptChoice(thresholdChoice, String(100 * usualThreshold)));
  return Number.isFinite(percent) ? percent / 100 : usualThreshold;
}

function judged(before: Judged, state: ReactFlowState, threshold: number): Judged {
  const { nodeLookup, width, height } = state;
  if (!nodeLookup.size || !width) return before;
  const [x, y, zoom] = state.transform;
  const view = { x, y, zoom, width, height };
  const [inView, around] = [withMargin(view, 0), withMargin(view)];
  const shown = new Set<string>();
  let count = 0;
  for (const [id, node] of nodeLookup) {
    const place = placeOf(node);
    if (isWithin(place, inView)) count++;
    if (isWithin(place, around) || mustStay(before, id, node)) shown.add(id);
  }
  const isFar = isFarNow(before.isFar, zoom, count, threshold);
  const all = nodeLookup.size <= alwaysDrawn && !isFar ? undefined : shown;
  const isSame = isFar === before.isFar && isSameSet(before.shown, all);
  if (isSame) return before;
  const drawnBefore = before.isFar ? new Set<string>() : (before.shown ?? new Set(nodeLookup.keys()));
  const drawnNow = isFar ? new Set<string>() : shown;
  return { isFar, shown: all, kept: keptNow(before.kept, drawnBefore, drawnNow) };
}

type FlowNode = ReactFlowState["nodeLookup"] extends Map<string, infer N> ? N : never;

export function placeOf({ internals, measured }: FlowNode): Place {
  const { x, y } = internals.positionAbsolute;
  return { x, y, width: measured.width ?? 0, height: measured.height ?? 0 };
}

/** What is chosen or dragged, holds the caret, or plays something, stays when it leaves the view. */
function mustStay({ shown }: Judged, id: string, { selected, dragging }: FlowNode): boolean {
  if (!shown?.has(id)) return false;
  if (selected || dragging) return true;
  const element = document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
  if (!element) return false;
  if (element.contains(document.activeElement)) return true;
  return [...element.querySelectorAll<HTMLMediaElement>("video, audio")].some((media) => !media.paused);
}

function isSameSet(before: ReadonlySet<string> | undefined, now: ReadonlySet<string> | undefined): boolean {
  if (!before || !now) return before === now;
  return before.size === now.size && [...now].every((id) => before.has(id));
}
