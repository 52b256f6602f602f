"use client";

import { ImagePlus, LoaderCircle, Upload, X } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { toast } from "sonner";
import { blobUrl, upload, type Uploaded } from "../upload";
import type { Field } from "./describe";
import type { WidgetProps } from "./index";

/** Sends files one after the other, and tells of those that fail. A file that does not pass its inspection is not sent. */
function useUploads(
  onDone: (done: Uploaded[], inspected: Record<string, unknown>) => void,
  inspect?: Field["inspect"],
) {
  const [left, setLeft] = useState(0);
  const send = async (files: Iterable<File>) => {
    const all = [...files];
    const done: Uploaded[] = [];
    let inspected: Record<string, unknown> = {};
    setLeft(all.length);
    for (const file of all) {
      try {
        if (inspect)
          inspected = await inspect({
            size: file.size,
            read: async (start, end) => new Uint8Array(await file.slice(start, end).arrayBuffer()),
          });
        done.push(await upload(file));
      } catch (error) {
        toast.error((error as Error).message, { description: (error as { hint?: string }).hint });
      }
      setLeft((n) => n - 1);
    }
    if (done.length) onDone(done, inspected);
  };
  return { left, send };
}

export function ImagesWidget({ field, value, onChange, disabled }: WidgetProps) {
  const images = (Array.isArray(value) ? value : []) as { ref: string; name: string }[];
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const { left, send } = useUploads((done) => onChange([...images, ...done.map(({ ref, name }) => ({ ref, name }))]));
  const drop = (e: DragEvent) => {
    e.preventDefault();
    setOver(false);
    void send([...e.dataTransfer.files].filter((f) => f.type.startsWith("image/")));
  };
  return (
    <div>
      <input
        ref={input}
        type="file"
        accept="image/*,.svg"
        multiple
        className="hidden"
        aria-label={field.label}
        onChange={(e) => {
          void send(e.target.files ?? []);
          e.target.value = "";
        }}
      />
      <button
        type="button"
        disabled={disabled}
        onClick={() => input.current?.click()}
        onDragOver={(e) => {
          e.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={`flex w-full flex-col items-center gap-1 rounded-lg border border-dashed p-4 text-ink-2 hover:border-accent hover:text-ink ${over ? "border-accent bg-accent-soft" : "border-line-strong"}`}
      >
        {left > 0 ? (
          <LoaderCircle className="size-5 animate-spin" aria-hidden />
        ) : (
          <ImagePlus className="size-5" aria-hidden />
        )}
        <span className="text-xs">{left > 0 ? `${left} to send` : "Drop pictures, or choose files"}</span>
      </button>
      <div className="mt-2 grid grid-cols-5 gap-1.5">
        {images.map((image, i) => (
          <div key={`${image.ref}-${i}`} className="group relative">
            <img
              src={blobUrl(image.ref)}
              alt={image.name}
              title={image.name}
              className="aspect-square w-full rounded border border-line bg-white object-contain"
            />
            <button
              type="button"
              aria-label={`Remove ${image.name}`}
              disabled={disabled}
              onClick={() => onChange(images.filter((_, at) => at !== i))}
              className="absolute -top-1 -right-1 hidden rounded-full bg-ink p-0.5 text-surface group-hover:block"
            >
              <X className="size-3" aria-hidden />
            </button>
          </div>
        ))}
      </div>
    </div>
  );
}

export function UploadWidget({ field, value, onChange, disabled }: WidgetProps) {
  const file = value as { ref: string; name: string } | undefined;
  const input = useRef<HTMLInputElement>(null);
  const { left, send } = useUploads(
    ([done], inspected) => done && onChange({ ref: done.ref, name: done.name, ...(inspected as object) }),
    field.inspect,
  );
  return (
    <div className="flex items-center gap-2">
      <input
        ref={input}
        type="file"
        className="hidden"
        aria-label={field.label}
        onChange={(e) => {
          void send(e.target.files ?? []);
          e.target.value = "";
        }}
      />
      <button
        type="button"
        disabled={disabled || left > 0}
        onClick={() => input.current?.click()}
        className="field flex items-center gap-2 text-left"
      >
        {left > 0 ? (
          <LoaderCircle className="size-4 animate-spin" aria-hidden />
        ) : (
          <Upload className="size-4 text-ink-3" aria-hidden />
        )}
        <span className="truncate">{file?.name ?? "Choose a file"}</span>
      </button>
    </div>
  );
}
