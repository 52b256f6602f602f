"use client";

import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import type { PatchHeat } from "#nodes/core/views/patch-heat";
import type { ViewOf } from "#nodes/core/view";
import { countOf, shortNumber } from "../../../_ui/amounts";
import { useBlobUrl } from "../../blob-folder";
import type { PreviewProps } from "../preview-props";
import { colourAt } from "../heat/heat-colours";
import { type OpenMap, openMap } from "../heat/heat-map";

/** Numbers over the patches of pictures, as heat. */
export function PatchHeatView({ preview, large }: PreviewProps<ViewOf<"patch-heat">>) {
  const [map, setMap] = useState(0);
  const [strength, setStrength] = useState(0.75);
  const { pictures, names, count, isFromTokens } = preview;
  const shown = large ? pictures : pictures.slice(0, 2);
  return (
    <div>
      {large && (
        <div className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-2">
          <label className="flex items-center gap-2">
            Map
            <select className="field w-auto max-w-64" value={map} onChange={(e) => setMap(Number(e.target.value))}>
              {names.map((name, i) => (
                <option key={`${name}-${i}`} value={i}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label className="flex items-center gap-2">
            Heat
            <input
              type="range"
              min={0}
              max={1}
              step={0.05}
              className="w-28 accent-[var(--accent)]"
              value={strength}
              onChange={(event) => setStrength(event.target.valueAsNumber)}
            />
          </label>
          {isFromTokens && <span className="text-ink-3">Point at a patch; a click holds it.</span>}
        </div>
      )}
      <div className={`grid gap-2 ${large ? "grid-cols-3" : "grid-cols-2"}`}>
        {shown.map((picture, i) => (
          <Heated key={`${picture.image.ref}-${i}`} heat={preview} {...{ picture, map, strength, large }} />
        ))}
      </div>
      <p className="mt-1 text-2xs text-ink-3">
        {countOf(count, "picture")} · {preview.grid.join(" × ")} patches
        {names.length > 1 && ` · ${names.length} maps`}
      </p>
    </div>
  );
}

interface HeatedProps {
  heat: PatchHeat;
  picture: PatchHeat["pictures"][number];
  map: number;
  strength: number;
  large?: boolean;
}

/** A picture with one of its maps. */
function Heated({ heat, picture: { image, maps }, map, strength, large }: HeatedProps) {
  const { grid, isFromTokens, before } = heat;
  const [rows, columns] = grid;
  const blobUrl = useBlobUrl();
  const open = useOpenMap(maps[map]);
  const [pointed, setPointed] = useState<number>();
  const [held, setHeld] = useState<number>();
  const looking = isFromTokens ? (pointed ?? held) : undefined;
  const line = useMemo(() => open && lineOf(open, before, looking), [open, before, looking]);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current && line) paint(canvas.current, line, columns);
  }, [line, columns]);
  function patchAt({ currentTarget, clientX, clientY }: PointerEvent<HTMLElement>): number {
    const { left, top, width, height } = currentTarget.getBoundingClientRect();
    const inside = (share: number, most: number) => Math.min(most - 1, Math.max(0, Math.floor(share * most)));
    return inside((clientY - top) / height, rows) * columns + inside((clientX - left) / width, columns);
  }
  const number = pointed === undefined ? undefined : line?.numbers[pointed];
  return (
    <figure className="min-w-0">
      <div
        className="nodrag relative overflow-hidden rounded border border-line bg-white"
        style={{ aspectRatio: `${image.width} / ${image.height}` }}
        onPointerMove={(event) => setPointed(patchAt(event))}
        onPointerLeave={() => setPointed(undefined)}
        onPointerDown={(event) => setHeld((before) => (before === patchAt(event) ? undefined : patchAt(event)))}
        data-heat
      >
        <img src={blobUrl(image.ref)} alt={image.name ?? ""} draggable={false} className="size-full object-fill" />
        <canvas
          ref={canvas}
          width={columns}
          height={rows}
          className="absolute inset-0 size-full [image-rendering:pixelated]"
          style={{ opacity: strength }}
          aria-label={`Heat over ${image.name ?? "the picture"}`}
        />
        {looking !== undefined && <Frame patch={looking} rows={rows} columns={columns} />}
      </div>
      {large && line && (
        <figcaption className="mt-0.5 truncate text-2xs text-ink-3 tabular-nums">
          {shortNumber(line.low)} … {shortNumber(line.high)}
          {number !== undefined && ` · here ${Number.isNaN(number) ? "no number" : shortNumber(number)}`}
        </figcaption>
      )}
    </figure>
  );
}

/** The patch that looks. */
function Frame({ patch, rows, columns }: { patch: number; rows: number; columns: number }) {
  return (
    <span
      className="pointer-events-none absolute border-2 border-white outline-1 outline-black"
      style={{
        left: `${(100 * (patch % columns)) / columns}%`,
        top: `${(100 * Math.floor(patch / columns)) / rows}%`,
        width: `${100 / columns}%`,
        height: `${100 / rows}%`,
      }}
    />
  );
}

function useOpenMap(map: PatchHeat["pictures"][number]["maps"][number] | undefined): OpenMap | undefined {
  const [open, setOpen] = useState<OpenMap>();
  const blobUrl = useBlobUrl();
  const address = map && blobUrl(map.numbers.ref);
  useEffect(() => {
    let isCurrent = true;
    if (map && address) void openMap(map, address).then((opened) => isCurrent && setOpen(opened));
    return () => {
      isCurrent = false;
    };
  }, [map, address]);
  return open;
}

interface Line {
  numbers: Float32Array;
  low: number;
  high: number;
}

/** Numbers by patch: of the patch that looks; else of the first token before the patches, or the mean of all. */
export function lineOf({ numbers, lines, patches }: OpenMap, before: number, looking: number | undefined): Line {
  if (lines === 1) return ranged(numbers.subarray(0, patches));
  if (looking !== undefined || before > 0) {
    const place = looking === undefined ? 0 : before + looking;
    return ranged(numbers.subarray(place * patches, (place + 1) * patches));
  }
  const mean = new Float32Array(patches);
  for (const [i, number] of numbers.entries()) mean[i % patches] = (mean[i % patches] ?? 0) + number / lines;
  return ranged(mean);
}

function ranged(numbers: Float32Array): Line {
  const finite = numbers.filter(Number.isFinite);
  return { numbers, low: Math.min(...finite, Number.POSITIVE_INFINITY), high: Math.max(...finite) };
}

function paint(canvas: HTMLCanvasElement, { numbers, low, high }: Line, columns: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(columns, numbers.length / columns);
  for (const [i, number] of numbers.entries()) {
    const place = high > low ? (number - low) / (high - low) : 0.5;
    image.data.set(Number.isNaN(number) ? [255, 0, 0, 255] : colourAt(place), 4 * i);
  }
  context.putImageData(image, 0, 0);
}
