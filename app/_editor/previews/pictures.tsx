"use client";

import type { PreviewOf } from "#nodes/core/preview";
import type { ImageFile } from "#nodes/core/values";
import { blobUrl } from "../upload";
import type { PreviewProps } from "./index";

export function Picture({ image, className = "" }: { image: ImageFile; className?: string }) {
  return (
    <img
      src={blobUrl(image.ref)}
      alt={image.name ?? ""}
      title={image.name}
      loading="lazy"
      draggable={false}
      className={`rounded border border-line bg-white object-contain ${className}`}
    />
  );
}

export function ImagePreview({ preview: { items, count, width, height }, large }: PreviewProps<PreviewOf["image"]>) {
  const shown = large ? items : items.slice(0, 8);
  return (
    <div>
      <div className={`grid gap-1 ${large ? "grid-cols-6" : "grid-cols-4"}`}>
        {shown.map((image, i) => (
          <Picture key={`${image.ref}-${i}`} image={image} className="aspect-square w-full" />
        ))}
      </div>
      <p className="mt-1 text-[11px] text-ink-3">
        {count.toLocaleString()} {count === 1 ? "picture" : "pictures"}
        {width ? ` · ${width} × ${height}` : ""}
      </p>
    </div>
  );
}

export function GalleryPreview({ preview: { images, captions, count }, large }: PreviewProps<PreviewOf["gallery"]>) {
  const shown = large ? images : images.slice(0, 12);
  return (
    <div>
      <div className={`grid gap-1 ${large ? "grid-cols-6" : "grid-cols-4"}`}>
        {shown.map((image, i) => (
          <figure key={`${image.ref}-${i}`} className="min-w-0">
            <Picture image={{ ...image, name: captions[i] ?? image.name }} className="aspect-square w-full" />
            {captions[i] && (
              <figcaption className="truncate text-[10px] text-ink-3" title={captions[i]}>
                {captions[i]}
              </figcaption>
            )}
          </figure>
        ))}
      </div>
      <p className="mt-1 text-[11px] text-ink-3">{count.toLocaleString()} pictures</p>
    </div>
  );
}

export function RankingPreview({ preview: { items }, large }: PreviewProps<PreviewOf["ranking"]>) {
  return (
    <div className={large ? "grid grid-cols-2 gap-x-6 gap-y-3" : "flex flex-col gap-2"}>
      {items.slice(0, large ? 12 : 3).map((item, i) => (
        <div key={`${item.name}-${i}`} className="flex gap-2">
          {item.image && <Picture image={item.image} className="size-11 shrink-0" />}
          <ol className="min-w-0 flex-1">
            {item.labels.slice(0, large ? 5 : 3).map((l) => {
              const right = item.truth === l.label;
              return (
                <li
                  key={l.label}
                  className="relative mb-0.5 flex h-[17px] items-center overflow-hidden rounded-sm bg-sunken px-1 text-[11px]"
                >
                  <span
                    className="absolute inset-y-0 left-0 opacity-25"
                    style={{
                      width: `${Math.max(1, l.score * 100)}%`,
                      background: right ? "var(--good)" : "var(--accent)",
                    }}
                  />
                  <span
                    className={`relative min-w-0 flex-1 truncate ${right ? "font-semibold text-good" : ""}`}
                    title={l.label}
                  >
                    {right ? "✓ " : ""}
                    {l.label}
                  </span>
                  <span className="relative pl-2 tabular-nums text-ink-2">
                    {(l.score * 100).toFixed(l.score < 0.1 ? 1 : 0)} %
                  </span>
                </li>
              );
            })}
            {item.truth && item.labels[0]?.label !== item.truth && large && (
              <li className="text-[11px] text-ink-3">right: {item.truth}</li>
            )}
          </ol>
        </div>
      ))}
    </div>
  );
}
