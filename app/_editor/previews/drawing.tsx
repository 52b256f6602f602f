"use client";

import { useState } from "react";
import type { Box, PictureDrawing } from "#nodes/core/preview";
import type { StoredImage } from "#nodes/core/values";
import { useBlobUrl } from "../blob-folder";

interface DrawingProps {
  drawing: PictureDrawing;
  image?: StoredImage;
  /** May be as high as it is wide. */
  isTall?: boolean;
}

/**
 * The picture in its frame, cut along lines, and what comes of it in words; of the tile under the pointer its place.
 */
export function Drawing({ drawing, image, isTall }: DrawingProps) {
  const { width, height, picture, tiles, text } = drawing;
  const [pointed, setPointed] = useState<number>();
  const blobUrl = useBlobUrl();
  const tile = pointed === undefined ? undefined : tiles[pointed];
  return (
    <>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        className={`w-full rounded bg-black ${isTall ? "max-h-[60vh]" : "max-h-56"}`}
        role="img"
        aria-label={text}
        onPointerLeave={() => setPointed(undefined)}
      >
        <Rectangle box={picture} className="fill-ink-3/40" />
        {image && (
          <image
            href={blobUrl(image.ref)}
            x={picture.left}
            y={picture.top}
            width={picture.width}
            height={picture.height}
            preserveAspectRatio="none"
          />
        )}
        {tiles.map((box, i) => (
          <Rectangle
            key={`${box.left} ${box.top}`}
            box={box}
            className={`stroke-accent ${i === pointed ? "fill-accent/30" : "fill-transparent"}`}
            onPoint={() => setPointed(i)}
          />
        ))}
      </svg>
      <p className="mt-1 text-2xs text-ink-3">{tile ? placeOf(tile, pointed ?? 0) : text}</p>
    </>
  );
}

function placeOf({ left, top, width, height }: Box, number: number): string {
  const [x, y, w, h] = [left, top, width, height].map((length) => Math.round(length).toLocaleString("en"));
  return `Tile ${number}: ${w} × ${h} px, from ${x}, ${y}.`;
}

function Rectangle({ box, className, onPoint }: { box: Box; className: string; onPoint?(): void }) {
  const { left, top, width, height } = box;
  return (
    <rect
      x={left}
      y={top}
      width={width}
      height={height}
      strokeWidth={2}
      vectorEffect="non-scaling-stroke"
      className={className}
      onPointerEnter={onPoint}
    />
  );
}
