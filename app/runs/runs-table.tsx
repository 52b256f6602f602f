"use client";

import { ArrowDown, ArrowUp, Star, StickyNote } from "lucide-react";
import Link from "next/link";
import { memo, type ReactNode, useCallback, useEffect, useRef } from "react";
import { Ago } from "../_ui/ago";
import { duration, elapsed, shortNumber } from "../_ui/amounts";
import { cx } from "../_ui/cx";
import { RowRoom } from "../_ui/row-room";
import { StatusMark } from "../_ui/status";
import { useWindowed } from "../_ui/windowed";
import type { ListedRun, RunListActions, RunOrder } from "./use-runs";

const rowHeight = 46;
const cell = "px-3 max-sm:px-2";
/** What there is no room for on a phone: there a run is found, and read on its own page. */
const wide = "max-sm:hidden";

interface RunsTableProps {
  rows: readonly ListedRun[];
  /** What the rows are chosen by: of others the first ones are shown. */
  filter: object;
  /** Numbers that have a column. */
  numbers: readonly string[];
  order: RunOrder;
  onOrder(order: RunOrder): void;
  chosen: ReadonlySet<string>;
  onChoose(ids: Set<string>): void;
  actions: RunListActions;
  /** Said where there are none. */
  empty: ReactNode;
  /** The end of what is there comes into sight. */
  onEnd(): void;
}

/** Runs as rows, of which only those in sight are drawn. */
export function RunsTable(props: RunsTableProps) {
  const { rows, filter, numbers, order, chosen, onChoose, actions, empty, onEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { start, end } = useWindowed(scroller, rows.length, rowHeight);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter or order gives another list
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [filter, order]);
  useEffect(() => {
    if (end >= rows.length - 20) onEnd();
  }, [end, rows.length, onEnd]);
  const toggle = useToggle(chosen, onChoose);
  const isAll = rows.length > 0 && rows.every(({ id }) => chosen.has(id));
  const sort = { order, onOrder: props.onOrder };
  return (
    <div ref={scroller} className="max-h-[calc(100vh-190px)] overflow-auto rounded-xl border border-line bg-surface">
      <table className="w-full text-left" aria-rowcount={rows.length}>
        <thead className="sticky top-0 z-10 border-b border-line bg-surface text-xs text-ink-2">
          <tr>
            <th className={cx("w-9 pl-4", wide)}>
              <input
                type="checkbox"
                className="block size-3.5 accent-[var(--accent)]"
                aria-label="Choose all that are listed"
                checked={isAll}
                onChange={() => onChoose(new Set(isAll ? [] : rows.map(({ id }) => id)))}
              />
            </th>
            <th className="w-8" />
            <SortHeader by="name" {...sort}>
              Graph
            </SortHeader>
            <SortHeader by="status" {...sort}>
              Status
            </SortHeader>
            <SortHeader by="createdAt" {...sort}>
              Asked
            </SortHeader>
            <SortHeader by="took" className={wide} {...sort}>
              Took
            </SortHeader>
            {numbers.map((name) => (
              <SortHeader key={name} by={`number:${name}`} className={wide} {...sort}>
                {name.replace(".", " · ")}
              </SortHeader>
            ))}
            <th className={cx("px-3 py-2 font-medium", wide)}>Tags</th>
          </tr>
        </thead>
        <tbody>
          <RowRoom height={start * rowHeight} />
          {rows.slice(start, end).map((run) => (
            <RunRow
              key={run.id}
              run={run}
              numbers={numbers}
              chosen={chosen.has(run.id)}
              onChoose={toggle}
              onStar={actions.star}
            />
          ))}
          <RowRoom height={(rows.length - end) * rowHeight} />
        </tbody>
      </table>
      {!rows.length && <div className="p-8 text-center text-ink-2">{empty}</div>}
    </div>
  );
}

/** The same function as long as the table lives, so that no row is drawn for it. */
function useToggle(chosen: ReadonlySet<string>, onChoose: (ids: Set<string>) => void): (id: string) => void {
  const latest = useRef({ chosen, onChoose });
  latest.current = { chosen, onChoose };
  return useCallback((id) => {
    const ids = new Set(latest.current.chosen);
    if (!ids.delete(id)) ids.add(id);
    latest.current.onChoose(ids);
  }, []);
}

interface SortHeaderProps {
  by: RunOrder["by"];
  order: RunOrder;
  onOrder(order: RunOrder): void;
  className?: string;
  children: ReactNode;
}

function SortHeader({ by, order, onOrder, className, children }: SortHeaderProps) {
  const isOn = order.by === by;
  const Arrow = order.descending ? ArrowDown : ArrowUp;
  const sorted = order.descending ? "descending" : "ascending";
  return (
    <th className={cx(cell, "py-2 font-medium whitespace-nowrap", className)} aria-sort={isOn ? sorted : undefined}>
      <button
        type="button"
        className="inline-flex items-center gap-1 hover:text-ink"
        onClick={() => onOrder({ by, descending: isOn ? !order.descending : by !== "name" })}
      >
        {children}
        {isOn && <Arrow className="size-3" aria-hidden />}
      </button>
    </th>
  );
}

interface RunRowProps {
  run: ListedRun;
  numbers: readonly string[];
  chosen: boolean;
  onChoose(id: string): void;
  onStar(run: ListedRun): void;
}

/** Drawn again only when something of its own changes. */
const RunRow = memo(function RunRow({ run, numbers, chosen, onChoose, onStar }: RunRowProps) {
  const took = elapsed(run);
  return (
    <tr data-run={run.id} className="border-b border-line last:border-0 hover:bg-sunken" style={{ height: rowHeight }}>
      <td className={cx("pl-4", wide)}>
        <input
          type="checkbox"
          className="block size-3.5 accent-[var(--accent)]"
          aria-label={`Choose ${run.name}`}
          checked={chosen}
          onChange={() => onChoose(run.id)}
        />
      </td>
      <td>
        <button
          type="button"
          aria-label={run.starred ? `Take the star from ${run.name}` : `Give ${run.name} a star`}
          aria-pressed={run.starred}
          onClick={() => onStar(run)}
          className={cx("block rounded p-1", run.starred ? "text-warn" : "text-ink-3 hover:text-ink")}
        >
          <Star className={cx("size-4", run.starred && "fill-current")} aria-hidden />
        </button>
      </td>
      <td className={cx("max-w-xs max-sm:max-w-36", cell)}>
        <NameCell run={run} />
      </td>
      <td className={cell}>
        <StatusMark status={run.status} />
      </td>
      <td className={cx("whitespace-nowrap", cell)}>
        <Ago date={run.createdAt} />
      </td>
      <td className={cx("px-3 whitespace-nowrap tabular-nums", wide)}>{took ? duration(took) : "–"}</td>
      {numbers.map((name) => (
        <td key={name} className={cx("px-3 tabular-nums", wide)}>
          {run.numbers[name] === undefined ? "–" : shortNumber(run.numbers[name])}
        </td>
      ))}
      <td className={cx("max-w-48 px-3", wide)}>
        <span className="flex gap-1 overflow-hidden">
          {run.tags.map((tag) => (
            <span key={tag} className="truncate rounded-full bg-sunken px-2 py-0.5 text-2xs text-ink-2">
              {tag}
            </span>
          ))}
        </span>
      </td>
    </tr>
  );
});

function NameCell({ run: { id, name, error, note } }: { run: ListedRun }) {
  // A thousand rows that scroll by would ask for a thousand pages.
  return (
    <Link href={`/runs/${id}`} prefetch={false} className="block min-w-0 hover:text-accent">
      <span className="flex items-center gap-1.5 font-medium">
        <span className="truncate">{name}</span>
        {note && <StickyNote className="size-3.5 shrink-0 text-ink-3" aria-label={note} />}
      </span>
      {(error || note) && (
        <span className={cx("block truncate text-xs", error ? "text-bad" : "text-ink-3")} title={error?.hint ?? note}>
          {error?.message ?? note}
        </span>
      )}
    </Link>
  );
}
