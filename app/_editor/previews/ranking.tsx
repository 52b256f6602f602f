"use client";

import type { PreviewOf } from "#nodes/core/preview";
import { cx } from "../../_ui/cx";
import { Picture } from "./pictures";
import type { PreviewProps } from "./preview-props";

type Item = PreviewOf["ranking"]["items"][number];
type Label = Item["labels"][number];

/** What each picture or text was found to be, best first, each name with its score as a bar. */
export function RankingPreview({ preview: { items }, large = false }: PreviewProps<PreviewOf["ranking"]>) {
  return (
    <div className={large ? "grid grid-cols-2 gap-x-6 gap-y-3" : "flex flex-col gap-2"}>
      {items.slice(0, large ? 12 : 3).map((item, i) => (
        <RankedItem key={`${item.name}-${i}`} item={item} large={large} />
      ))}
    </div>
  );
}

function RankedItem({ item, large }: { item: Item; large: boolean }) {
  const isWrong = item.truth && item.labels[0]?.label !== item.truth;
  return (
    <div className="flex gap-2">
      {item.image && <Picture image={item.image} className="size-11 shrink-0" />}
      <ol className="min-w-0 flex-1">
        {!item.image && item.name && <li className="truncate text-2xs text-ink-2">{item.name}</li>}
        {item.labels.slice(0, large ? 5 : 3).map((label) => (
          <Bar key={label.label} label={label} isRight={item.truth === label.label} />
        ))}
        {isWrong && large && <li className="text-2xs text-ink-3">right: {item.truth}</li>}
      </ol>
    </div>
  );
}

function Bar({ label: { label, score }, isRight }: { label: Label; isRight: boolean }) {
  const width = `${Math.max(1, score * 100)}%`;
  return (
    <li
      className={cx("relative mb-0.5 flex h-[17px] items-center overflow-hidden rounded-sm bg-sunken", "px-1 text-2xs")}
    >
      <span
        className="absolute inset-y-0 left-0 opacity-15"
        style={{ width, background: isRight ? "var(--good)" : "var(--accent)" }}
      />
      <span className={cx("relative min-w-0 flex-1 truncate", isRight && "font-semibold")} title={label}>
        {isRight ? "✓ " : ""}
        {label}
      </span>
      <span className="relative pl-2 tabular-nums text-ink-2">{(score * 100).toFixed(score < 0.1 ? 1 : 0)} %</span>
    </li>
  );
}
