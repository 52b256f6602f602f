"use client";

import { ImagePlus, LoaderCircle, type LucideIcon, Upload, X } from "lucide-react";
import { type ChangeEvent, type DragEvent, type RefObject, useRef, useState } from "react";
import { cx } from "../../_ui/cx";
import { blobUrl } from "../upload";
import { droppedFiles } from "./dropped";
import { useChoice, useUploads } from "./use-uploads";
import type { WidgetProps } from "./widget-props";

type StoredFile = { ref: string; name: string; files?: { path: string; ref: string }[] };
type Send = (files: Iterable<File>) => Promise<void>;

/** Pictures of a parameter: dropped or chosen, shown small, removed one by one. */
export function ImagesWidget({ field, value, onChange, disabled }: WidgetProps) {
  const images: StoredFile[] = Array.isArray(value) ? value : [];
  const input = useRef<HTMLInputElement>(null);
  const { left, send } = useUploads((done) => onChange([...images, ...done.map(({ ref, name }) => ({ ref, name }))]));
  return (
    <div>
      <FileInput input={input} label={field.label} accept="image/*,.svg" multiple send={send} />
      <DropButton left={left} disabled={disabled} send={send} onClick={() => input.current?.click()} />
      <div className="mt-2 grid grid-cols-5 gap-1.5">
        {images.map((image, i) => (
          <Thumbnail
            key={`${image.ref}-${i}`}
            image={image}
            disabled={disabled}
            onRemove={() => onChange(images.filter((_, place) => place !== i))}
          />
        ))}
      </div>
    </div>
  );
}

/** One file of a parameter; where it is inspected also one with those that belong to it, a folder or an archive. */
export function UploadWidget({ field, value, onChange, disabled }: WidgetProps) {
  const file = value as StoredFile | undefined;
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const { isBusy, send } = useChoice(onChange, field.inspect);
  const allow = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(true);
  };
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    await send(await droppedFiles(event.dataTransfer));
  };
  return (
    <div className="flex items-center gap-2">
      <FileInput input={input} label={field.label} multiple={field.inspect !== undefined} send={send} />
      <button
        type="button"
        disabled={disabled || isBusy}
        onClick={() => input.current?.click()}
        onDragOver={allow}
        onDragLeave={() => setIsOver(false)}
        onDrop={drop}
        title={field.inspect && "The file, or with it those that belong to it: several files, their folder, or a .zip"}
        className={cx("field flex items-center gap-2 text-left", isOver && "border-accent bg-accent-soft")}
      >
        <Sign icon={Upload} isBusy={isBusy} className="size-4 text-ink-3" />
        <span className="truncate">
          {file ? nameOf(file) : field.inspect ? "Choose files, or drop a folder" : "Choose a file"}
        </span>
      </button>
    </div>
  );
}

/** A file, and how many more belong to it. */
function nameOf({ name, files = [] }: StoredFile): string {
  const more = files.filter(({ path }) => path !== name).length;
  return more ? `${name} and ${more.toLocaleString()} more` : name;
}

/** The browser's own choice of files, out of sight; a button beside it opens it. */
function FileInput({
  input,
  label,
  accept,
  multiple,
  send,
}: {
  input: RefObject<HTMLInputElement | null>;
  label: string;
  accept?: string;
  multiple?: boolean;
  send: Send;
}) {
  const sendChosen = (event: ChangeEvent<HTMLInputElement>) => {
    void send(event.target.files ?? []);
    // The same file may be chosen again.
    event.target.value = "";
  };
  return (
    <input
      ref={input}
      type="file"
      accept={accept}
      multiple={multiple}
      className="hidden"
      aria-label={label}
      onChange={sendChosen}
    />
  );
}

function DropButton({
  left,
  disabled,
  send,
  onClick,
}: {
  left: number;
  disabled?: boolean;
  send: Send;
  onClick(): void;
}) {
  const [isOver, setIsOver] = useState(false);
  const allow = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(true);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    void send([...event.dataTransfer.files].filter((file) => file.type.startsWith("image/")));
  };
  return (
    <button
      type="button"
      disabled={disabled}
      onClick={onClick}
      onDragOver={allow}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
      className={cx(
        "flex w-full flex-col items-center gap-1 rounded-lg border border-dashed p-4 text-ink-2",
        "hover:border-accent hover:text-ink",
        isOver ? "border-accent bg-accent-soft" : "border-line-strong",
      )}
    >
      <Sign icon={ImagePlus} isBusy={left > 0} className="size-5" />
      <span className="text-xs">{left > 0 ? `${left} to send` : "Drop pictures, or choose files"}</span>
    </button>
  );
}

function Sign({ icon: Icon, isBusy, className }: { icon: LucideIcon; isBusy: boolean; className: string }) {
  return isBusy ? (
    <LoaderCircle className={`${className} animate-spin`} aria-hidden />
  ) : (
    <Icon className={className} aria-hidden />
  );
}

function Thumbnail({ image, disabled, onRemove }: { image: StoredFile; disabled?: boolean; onRemove(): void }) {
  return (
    <div className="group relative">
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
        onClick={onRemove}
        className="absolute -top-1 -right-1 hidden rounded-full bg-ink p-0.5 text-surface group-hover:block"
      >
        <X className="size-3" aria-hidden />
      </button>
    </div>
  );
}
