"use client";

import type { ViewOf } from "#nodes/core/view";
import { countOf } from "../../../_ui/amounts";
import { Drawing } from "../drawing";
import type { PreviewProps } from "../preview-props";

export function TilesView({ preview: { pictures, count }, large }: PreviewProps<ViewOf<"tiles">>) {
  const shown = large ? pictures : pictures.slice(0, 1);
  return (
    <div>
      <div className={large && shown.length > 1 ? "grid grid-cols-2 gap-3" : undefined}>
        {shown.map(({ image, drawing }, i) => (
          <figure key={`${image.ref}-${i}`} className="min-w-0">
            <Drawing drawing={drawing} image={image} isTall={large} />
          </figure>
        ))}
      </div>
      {count > shown.length && <p className="mt-1 text-2xs text-ink-3">of {countOf(count, "picture")}</p>}
    </div>
  );
}
