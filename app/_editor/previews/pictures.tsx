"use client";

import type { PreviewOf } from "#nodes/core/preview";
import type { StoredImage } from "#nodes/core/values";
import { Download } from "lucide-react";
import { countOf } from "../../_ui/amounts";
import { cx } from "../../_ui/cx";
import { useBlobUrl } from "../blob-folder";
import { usePictureSaving } from "./picture-saving";
import type { PreviewProps } from "./preview-props";

/** A picture of a result, on white: drawings are made for it. Where it can be saved it has a button for that. */
export function Picture({ image, className = "" }: { image: StoredImage; className?: string }) {
  const blobUrl = useBlobUrl();
  const save = usePictureSaving();
  const picture = (
    <img
      src={blobUrl(image.ref)}
      alt={image.name ?? ""}
      title={image.name}
      loading="lazy"
      draggable={false}
      className={`rounded border border-line bg-white object-contain ${className}`}
    />
  );
  if (!save) return picture;
  return (
    <span className="group/picture relative block">
      {picture}
      <button
        type="button"
        aria-label={`Save ${image.name ?? "the picture"}`}
        title="Save the picture, with the graph that made it in it"
        onClick={() => save(image)}
        className={cx(
          "absolute top-1 right-1 rounded-md border border-line bg-raised p-1 text-ink-2 opacity-0 shadow",
          "group-hover/picture:opacity-100 hover:text-ink focus:opacity-100",
        )}
      >
        <Download className="size-3.5" aria-hidden />
      </button>
    </span>
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
      <p className="mt-1 text-2xs text-ink-3">
        {countOf(count, "picture")}
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
          <Captioned key={`${image.ref}-${i}`} image={image} caption={captions[i]} />
        ))}
      </div>
      <p className="mt-1 text-2xs text-ink-3">{countOf(count, "picture")}</p>
    </div>
  );
}

function Captioned({ image, caption }: { image: StoredImage; caption?: string }) {
  return (
    <figure className="min-w-0">
      <Picture image={{ ...image, name: caption ?? image.name }} className="aspect-square w-full" />
      {caption && (
        <figcaption className="text-2xs text-ink-3" title={caption}>
          {caption.split("\n").map((line, i) => (
            <span key={`${line}-${i}`} className="block truncate">
              {line}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}
