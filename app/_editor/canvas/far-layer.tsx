"use client";

import { useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { onThemeTurn, themed } from "../../_ui/theme";
import { useEditorStore } from "../context";
import type { EditorState } from "../store";
import type { Palette } from "./far-areas";
import { type Drawn, drawFar, drawnOf } from "./far-drawing";

/**
 * The graph from afar, behind the boxes that take the pointer. Drawn at most once a frame, and only when the view, a
 * place, the theme or something that is drawn is another: most parameters are none.
 */
export function FarLayer() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const flow = useStoreApi();
  const editor = useEditorStore();
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    let palette = readPalette();
    let known = { state: editor.getState(), drawn: drawnOf(editor.getState()) };
    let frame = 0;
    function draw(): void {
      frame = 0;
      const [now, { drawn }] = [flow.getState(), known];
      sizeTo(element as HTMLCanvasElement, now);
      drawFar(context as CanvasRenderingContext2D, drawn, now, palette);
      // React Flow has its nodes only after it was drawn without any.
      const nodes = Math.min(drawn.boxes.length, now.nodeLookup.size);
      Object.assign((element as HTMLCanvasElement).dataset, { nodes, wires: nodes && drawn.wires.length });
    }
    const soon = () => {
      frame ||= requestAnimationFrame(draw);
    };
    draw();
    const turned = () => {
      palette = readPalette();
      soon();
    };
    function edited(state: EditorState): void {
      if (isOfSame(known.state, state)) return;
      const before = known.drawn;
      known = { state, drawn: drawnOf(state) };
      if (!isSameDrawing(before, known.drawn)) soon();
    }
    const ends = [flow.subscribe(soon), editor.subscribe(edited), onThemeTurn(turned)];
    return () => {
      cancelAnimationFrame(frame);
      for (const end of ends) end();
    };
  }, [flow, editor]);
  return <canvas ref={canvas} data-far className="pointer-events-none absolute inset-0 size-full" />;
}

/** Whether the same is drawn of two states. */
function isOfSame(before: EditorState, now: EditorState): boolean {
  return before.shown === now.shown && before.checked === now.checked && before.run === now.run;
}

const isSameDrawing = (before: Drawn, now: Drawn): boolean => JSON.stringify(before) === JSON.stringify(now);

function sizeTo(canvas: HTMLCanvasElement, { width, height }: { width: number; height: number }): void {
  const [across, down] = [width, height].map((length) => Math.round(length * window.devicePixelRatio));
  if (canvas.width !== across) canvas.width = across ?? 0;
  if (canvas.height !== down) canvas.height = down ?? 0;
}

/** Looked up once for each theme. */
function readPalette(): Palette {
  const known = new Map<string, string>();
  function of(name: string): string {
    const colour = known.get(name) ?? themed(name);
    known.set(name, colour);
    return colour;
  }
  const pale = (name: string, percent = 26) => `color-mix(in srgb, ${of(name)} ${percent}%, ${of("--surface")})`;
  return { of, pale };
}
