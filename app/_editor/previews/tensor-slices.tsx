"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Outputs, useTRPC } from "../../_trpc/client";
import { shortNumber } from "../../_ui/amounts";

type Slice = NonNullable<Outputs["runs"]["slice"]>;

interface TensorSlicesProps {
  run: string;
  node: string;
  port: string;
  shape: readonly number[];
}

/** The numbers of a tensor: two of its axes as a table of colours, and a place on each of the others. */
export function TensorSlices({ run, node, port, shape }: TensorSlicesProps) {
  const last = shape.length - 1;
  const [axes, setAxes] = useState<[number, number]>([Math.max(0, last - 1), last]);
  const [place, setPlace] = useState<readonly number[]>(shape.map(() => 0));
  const [pointed, setPointed] = useState<number>();
  const trpc = useTRPC();
  const { data } = useQuery({
    ...trpc.runs.slice.queryOptions({ id: run, node, port, place: [...place], axes: shape.length > 1 ? axes : [1, 0] }),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
  if (!data) return null;
  return (
    <div className="mt-2" data-slice={data.size.join(" × ")}>
      {shape.length > 1 && (
        <div className="mb-1.5 flex flex-wrap items-center gap-x-3 gap-y-1 text-2xs text-ink-2">
          <AxisChoice label="Down" value={axes[0]} shape={shape} onChange={(axis) => setAxes(turned(axes, 0, axis))} />
          <AxisChoice
            label="Across"
            value={axes[1]}
            shape={shape}
            onChange={(axis) => setAxes(turned(axes, 1, axis))}
          />
        </div>
      )}
      <div className="mb-1.5 flex flex-wrap items-center gap-x-3 gap-y-1 text-2xs text-ink-2">
        {shape.map((size, axis) => (
          <PlaceField
            key={`${axis}-${size}`}
            axis={axis}
            most={size - 1}
            value={place[axis] ?? 0}
            onChange={(at) => setPlace(place.map((before, other) => (other === axis ? at : before)))}
          />
        ))}
      </div>
      <Grid slice={data} onPoint={setPointed} />
      <p className="mt-1 h-4 font-mono text-2xs text-ink-3">{pointed !== undefined && toldOf(data, pointed)}</p>
    </div>
  );
}

/** An axis takes the place of another; that one of the two which had it gets the other's. */
function turned(axes: [number, number], which: 0 | 1, axis: number): [number, number] {
  const other = axes[1 - which] === axis ? axes[which] : axes[1 - which];
  return which === 0 ? [axis, other ?? 0] : [other ?? 0, axis];
}

interface AxisChoiceProps {
  label: string;
  value: number;
  shape: readonly number[];
  onChange(axis: number): void;
}

function AxisChoice({ label, value, shape, onChange }: AxisChoiceProps) {
  return (
    <label className="flex items-center gap-1.5">
      {label}
      <select className="field w-auto py-0.5" value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {shape.map((size, axis) => (
          <option key={`${axis}-${size}`} value={axis}>
            axis {axis} ({size.toLocaleString("en")})
          </option>
        ))}
      </select>
    </label>
  );
}

interface PlaceFieldProps {
  axis: number;
  most: number;
  value: number;
  onChange(place: number): void;
}

function PlaceField({ axis, most, value, onChange }: PlaceFieldProps) {
  return (
    <label className="flex items-center gap-1.5">
      from {axis}:
      <input
        type="number"
        className="field w-20 px-1.5 py-0.5"
        aria-label={`Place on axis ${axis}`}
        min={0}
        max={most}
        value={value}
        disabled={most < 1}
        onChange={({ target }) =>
          target.valueAsNumber >= 0 && onChange(Math.min(most, Math.round(target.valueAsNumber)))
        }
      />
    </label>
  );
}

function Grid({ slice: { numbers, size }, onPoint }: { slice: Slice; onPoint(cell: number | undefined): void }) {
  const [rows, columns] = size;
  const finite = numbers.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return (
    <svg
      viewBox={`0 0 ${columns} ${rows}`}
      preserveAspectRatio="none"
      className="w-full rounded border border-line bg-sunken"
      style={{ height: Math.max(24, Math.min(420, rows * 14)) }}
      role="img"
      aria-label={`${rows} × ${columns} numbers from ${shortNumber(low)} to ${shortNumber(high)}`}
      onPointerLeave={() => onPoint(undefined)}
    >
      {numbers.map((number, i) => (
        <rect
          key={i}
          x={i % columns}
          y={Math.floor(i / columns)}
          width={1}
          height={1}
          fill={groundOf(number, low, high)}
          onPointerEnter={() => onPoint(i)}
        />
      ))}
    </svg>
  );
}

/** The more accent, the larger within the slice; what is no number is red. */
function groundOf(number: number, low: number, high: number): string {
  if (!Number.isFinite(number)) return "var(--bad)";
  const share = high > low ? Math.round((100 * (number - low)) / (high - low)) : 50;
  return `color-mix(in oklab, var(--accent) ${share}%, var(--sunken))`;
}

function toldOf({ numbers, size: [, columns] }: Slice, cell: number): string {
  const number = numbers[cell] ?? Number.NaN;
  return `${Math.floor(cell / columns)}, ${cell % columns}: ${Number.isFinite(number) ? number : String(number)}`;
}
