"use client";

import { type PointerEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import type { EmbeddingMap } from "#nodes/core/views/embedding-map";
import type { ViewOf } from "#nodes/core/view";
import { countOf } from "../../../_ui/amounts";
import { Checkbox } from "../../../_ui/checkbox";
import { cx } from "../../../_ui/cx";
import { useThemeTurns } from "../../../_ui/theme";
import { useBlobUrl } from "../../blob-folder";
import { colourOfLabel, drawMap, type Look, mostColours, nearest, startOf, toScreen, zoomed } from "../map/map-drawing";
import type { PreviewProps } from "../preview-props";

type Map2d = ViewOf<"embedding-map">;

/** Points of a plane. The wheel comes nearer, dragging moves, pointing says what is there. */
export function EmbeddingMapView({ preview, large }: PreviewProps<Map2d>) {
  const { names, pictures, method, count } = preview;
  const [isPictured, setPictured] = useState(false);
  const isColoured = names !== undefined && names.length <= mostColours;
  return (
    <div>
      {large && pictures && (
        <div className="mb-2 flex justify-end">
          <Checkbox label="Pictures" checked={isPictured} onChange={setPictured} />
        </div>
      )}
      <Plane map={preview} isPictured={isPictured} large={large} />
      {large && isColoured && <Legend names={names} />}
      <p className="mt-1 text-2xs text-ink-3">
        {preview.x.length < count && `${preview.x.length.toLocaleString()} of `}
        {countOf(count, "point")} · {method}
      </p>
    </div>
  );
}

function Legend({ names }: { names: readonly string[] }) {
  return (
    <ul className="mt-2 flex flex-wrap gap-x-3 gap-y-1 text-2xs text-ink-2">
      {names.map((name, i) => (
        <li key={name} className="flex min-w-0 items-center gap-1">
          <span className="size-2 shrink-0 rounded-full" style={{ background: colourOfLabel(i) }} />
          <span className="max-w-40 truncate">{name || "without a label"}</span>
        </li>
      ))}
    </ul>
  );
}

function Plane({ map, isPictured, large }: { map: EmbeddingMap; isPictured: boolean; large?: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const atlas = useAtlas(map.pictures);
  const [look, setLook] = useState<Look>();
  const [pointed, setPointed] = useState<number>();
  const grip = useRef<{ x: number; y: number }>(undefined);
  const height = large ? 460 : 160;
  const width = useWidth(canvas);
  const turns = useThemeTurns();
  const start = useMemo(() => startOf(map, width, height), [map, width, height]);
  const now = look ?? start;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read while it is drawn
  useEffect(() => {
    if (canvas.current) drawMap(canvas.current, { map, look: now, width, height, atlas, isPictured, pointed });
  }, [map, now, width, height, atlas, isPictured, pointed, turns]);
  useWheel(canvas, (x, y, factor) => setLook(zoomed(now, x, y, factor)), large === true);
  function move(event: PointerEvent<HTMLCanvasElement>): void {
    const { offsetX: x, offsetY: y } = event.nativeEvent;
    const from = grip.current;
    if (!from) {
      setPointed(nearest(map, now, x, y));
      return;
    }
    setLook({ ...now, left: now.left + x - from.x, top: now.top + y - from.y });
    grip.current = { x, y };
  }
  return (
    <div className="relative" data-embedding-map={map.x.length}>
      <canvas
        ref={canvas}
        className="nodrag nowheel w-full touch-none rounded bg-sunken"
        style={{ height }}
        role="img"
        aria-label={`Map of ${countOf(map.x.length, "point")}`}
        onPointerMove={move}
        onPointerLeave={() => setPointed(undefined)}
        onPointerDown={(event) => {
          if (!large) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          grip.current = { x: event.nativeEvent.offsetX, y: event.nativeEvent.offsetY };
        }}
        onPointerUp={() => {
          grip.current = undefined;
        }}
        onDoubleClick={() => setLook(undefined)}
      />
      {pointed !== undefined && <Told map={map} point={pointed} look={now} width={width} />}
    </div>
  );
}

/** What the point under the pointer is. */
function Told({ map, point, look, width }: { map: EmbeddingMap; point: number; look: Look; width: number }) {
  const { names, labels, pictures } = map;
  const [x, y] = toScreen(look, map.x[point] ?? 0, map.y[point] ?? 0);
  const name = names?.[labels?.[point] ?? -1];
  return (
    <div
      className={cx(
        "pointer-events-none absolute z-10 max-w-56 rounded-md border border-line bg-raised p-1",
        "text-2xs shadow",
      )}
      style={{ top: y + 10, ...(x > width / 2 ? { right: width - x + 10 } : { left: x + 10 }) }}
      data-told
    >
      {pictures && <Small pictures={pictures} point={point} />}
      <p className="truncate">{name || `row ${point}`}</p>
    </div>
  );
}

function Small({ pictures, point }: { pictures: NonNullable<EmbeddingMap["pictures"]>; point: number }) {
  const { image, side, columns } = pictures;
  const blobUrl = useBlobUrl();
  const [left, top] = [(point % columns) * side, Math.floor(point / columns) * side];
  return (
    <div
      className="size-16 rounded bg-white [image-rendering:auto]"
      style={{
        backgroundImage: `url(${blobUrl(image.ref)})`,
        backgroundSize: `${image.width * 2}px`,
        backgroundPosition: `${-2 * left}px ${-2 * top}px`,
      }}
    />
  );
}

function useAtlas(pictures: EmbeddingMap["pictures"]): HTMLImageElement | undefined {
  const [loaded, setLoaded] = useState<HTMLImageElement>();
  const blobUrl = useBlobUrl();
  const address = pictures && blobUrl(pictures.image.ref);
  useEffect(() => {
    if (!address) return;
    const image = new Image();
    image.src = address;
    image.onload = () => setLoaded(image);
  }, [address]);
  return loaded;
}

function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(220);
  useEffect(() => {
    const { current } = element;
    if (!current) return;
    const sized = new ResizeObserver(() => setWidth(current.clientWidth || 220));
    sized.observe(current);
    return () => sized.disconnect();
  }, [element]);
  return width;
}

/** React listens to wheels passively, so that what is around would scroll, too. */
function useWheel(
  canvas: RefObject<HTMLCanvasElement | null>,
  onWheel: (x: number, y: number, factor: number) => void,
  isOn: boolean,
): void {
  const told = useRef(onWheel);
  told.current = onWheel;
  useEffect(() => {
    const { current } = canvas;
    if (!current || !isOn) return;
    function turn(event: WheelEvent): void {
      event.preventDefault();
      told.current(event.offsetX, event.offsetY, 1.0015 ** -event.deltaY);
    }
    current.addEventListener("wheel", turn, { passive: false });
    return () => current.removeEventListener("wheel", turn);
  }, [canvas, isOn]);
}
