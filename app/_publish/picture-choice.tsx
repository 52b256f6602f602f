"use client";

import type { GraphDocument } from "#nodes/graph/document";
import { blobUrl } from "../_editor/upload";
import { cx } from "../_ui/cx";
import type { PublishWish } from "./wish";

/** A picture that a node gave. */
export interface ResultPicture {
  ref: string;
  /** Of which node. */
  title: string;
}

interface PictureChoiceProps {
  document: GraphDocument;
  results: readonly ResultPicture[];
  value: PublishWish["picture"];
  onChange(part: Pick<PublishWish, "picture">): void;
}

/** The picture on the card: the canvas, something that a run gave, or none. */
export function PictureChoice({ results, value, onChange }: PictureChoiceProps) {
  return (
    <section aria-label="Picture">
      <p className="mb-1 font-medium text-ink-2">Picture</p>
      <div role="radiogroup" aria-label="Picture" className="flex flex-wrap gap-2">
        <Option isOn={value === "canvas"} label="The canvas" onPick={() => onChange({ picture: "canvas" })}>
          <span className="p-2 text-center text-xs text-ink-2">The canvas, drawn as it is in this version</span>
        </Option>
        {results.slice(0, 11).map(({ ref, title }) => (
          <Option key={ref} isOn={value === ref} label={`Result of ${title}`} onPick={() => onChange({ picture: ref })}>
            <img src={blobUrl(ref)} alt="" className="size-full object-cover" />
          </Option>
        ))}
      </div>
    </section>
  );
}

interface OptionProps {
  isOn: boolean;
  label: string;
  onPick(): void;
  children: React.ReactNode;
}

function Option({ isOn, label, onPick, children }: OptionProps) {
  return (
    <button
      type="button"
      role="radio"
      aria-checked={isOn}
      aria-label={label}
      title={label}
      onClick={onPick}
      className={cx(
        "flex h-20 w-28 items-center justify-center overflow-hidden rounded-lg border bg-sunken",
        isOn ? "border-accent ring-2 ring-accent" : "border-line hover:border-line-strong",
      )}
    >
      {children}
    </button>
  );
}
