"use client";

import { useState } from "react";
import type { ViewOf } from "#nodes/core/view";
import type { StoredImage } from "#nodes/core/values";
import { countOf } from "../../../_ui/amounts";
import { useBlobUrl } from "../../blob-folder";
import type { PreviewProps } from "../preview-props";

export function BeforeAfterView({ preview: { pairs, count }, large }: PreviewProps<ViewOf<"before-after">>) {
  const shown = large ? pairs : pairs.slice(0, 1);
  return (
    <div>
      <div className={large && shown.length > 1 ? "grid grid-cols-2 gap-3" : undefined}>
        {shown.map((pair, i) => (
          <figure key={`${pair.before.ref}-${i}`} className="min-w-0">
            <Slider {...pair} />
            {large && pair.name && <figcaption className="mt-0.5 truncate text-2xs text-ink-3">{pair.name}</figcaption>}
          </figure>
        ))}
      </div>
      <p className="mt-1 text-2xs text-ink-3">{countOf(count, "picture")}, before and after</p>
    </div>
  );
}

interface SliderProps {
  before: StoredImage;
  after: StoredImage;
  name?: string;
}

/** A picture over what became of it: at the left of the edge it is as before. The arrows move the edge, too. */
export function Slider({ before, after, name = "the picture" }: SliderProps) {
  const [edge, setEdge] = useState(50);
  const blobUrl = useBlobUrl();
  const picture = "absolute inset-0 size-full object-contain select-none";
  return (
    <div
      className="nodrag relative w-full overflow-hidden rounded border border-line bg-white focus-within:ring-2"
      style={{ aspectRatio: `${before.width} / ${before.height}` }}
      data-before-after
    >
      <img src={blobUrl(after.ref)} alt={`${name}, after`} draggable={false} className={picture} />
      <img
        src={blobUrl(before.ref)}
        alt={`${name}, before`}
        draggable={false}
        className={`${picture} bg-white`}
        style={{ clipPath: `inset(0 ${100 - edge}% 0 0)` }}
      />
      <span className="absolute inset-y-0 w-0.5 -translate-x-1/2 bg-accent" style={{ left: `${edge}%` }} />
      <input
        type="range"
        min={0}
        max={100}
        value={edge}
        aria-label={`Edge between before and after of ${name}`}
        onChange={({ target }) => setEdge(target.valueAsNumber)}
        className="absolute inset-0 size-full cursor-ew-resize opacity-0"
      />
    </div>
  );
}
