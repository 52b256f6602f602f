"use client";

import { Download } from "lucide-react";
import type { PreviewOf } from "#nodes/core/preview";
import { size } from "../../_ui/amounts";
import { blobUrl } from "../upload";
import type { PreviewProps } from "./index";
import { Picture } from "./pictures";

export const short = (x: number): string => {
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return x.toLocaleString();
  return Math.abs(x) >= 1e5 || (Math.abs(x) < 1e-4 && x !== 0)
    ? x.toExponential(2)
    : Number(x.toPrecision(4)).toString();
};

export function NumberPreview({ preview: { value }, name }: PreviewProps<PreviewOf["number"]>) {
  return (
    <div className="flex items-baseline justify-between gap-2">
      <span className="text-xs text-ink-2">{name}</span>
      <span className="text-lg font-semibold tabular-nums">{short(value)}</span>
    </div>
  );
}

export function TextPreview({ preview: { items, count }, large }: PreviewProps<PreviewOf["text"]>) {
  return (
    <div>
      <ul className="text-[11px] text-ink-2">
        {items.slice(0, large ? 20 : 4).map((t, i) => (
          <li key={`${i}-${t}`} className="truncate border-b border-line py-0.5 last:border-0" title={t}>
            {t}
          </li>
        ))}
      </ul>
      <p className="mt-1 text-[11px] text-ink-3">
        {count.toLocaleString()} {count === 1 ? "text" : "texts"}
      </p>
    </div>
  );
}

export function TensorPreview({
  preview: { dtype, shape, min, max, mean, std, histogram, head },
}: PreviewProps<PreviewOf["tensor"]>) {
  const most = Math.max(1, ...(histogram ?? []));
  return (
    <div className="text-[11px] text-ink-2">
      {histogram && (
        <svg
          viewBox={`0 0 ${histogram.length} 20`}
          preserveAspectRatio="none"
          className="h-9 w-full rounded bg-sunken"
          role="img"
          aria-label="Histogram"
        >
          {histogram.map((n, i) => (
            <rect
              key={`${i}-${n}`}
              x={i + 0.1}
              width={0.8}
              y={20 - (19 * n) / most}
              height={(19 * n) / most}
              fill="var(--port-tensor)"
            />
          ))}
        </svg>
      )}
      <p className="mt-1 font-mono text-ink">
        {dtype} [{shape.join(", ")}]
      </p>
      {min !== undefined && max !== undefined && (
        <p className="tabular-nums">
          {short(min)} … {short(max)}
          {mean !== undefined && std !== undefined ? ` · mean ${short(mean)} · std ${short(std)}` : ""}
        </p>
      )}
      {!histogram && <p className="truncate font-mono">{head.map(short).join(" ")}</p>}
    </div>
  );
}

export function WeightsPreview({ preview: { parameters, tensors, ref }, large }: PreviewProps<PreviewOf["weights"]>) {
  return (
    <div className="text-[11px] text-ink-2">
      <p className="text-ink">
        <b className="text-sm tabular-nums">
          {parameters < 1e6 ? short(parameters) : `${(parameters / 1e6).toFixed(2)} M`}
        </b>{" "}
        parameters in {tensors.length} tensors
      </p>
      {large && (
        <ul className="mt-1 max-h-64 overflow-y-auto font-mono">
          {tensors.map((t) => (
            <li key={t.name} className="flex justify-between gap-3">
              <span className="truncate">{t.name}</span>
              <span>[{t.shape.join(", ")}]</span>
            </li>
          ))}
        </ul>
      )}
      {ref && (
        <a
          className="nodrag mt-1 inline-flex items-center gap-1 text-accent hover:underline"
          href={blobUrl(ref, "weights.safetensors")}
        >
          <Download className="size-3" aria-hidden />
          safetensors
        </a>
      )}
    </div>
  );
}

export function TokenizerPreview({ preview: { vocabulary, sample } }: PreviewProps<PreviewOf["tokenizer"]>) {
  return (
    <div className="text-[11px] text-ink-2">
      <p className="text-ink">
        <b className="text-sm tabular-nums">{vocabulary.toLocaleString()}</b> tokens
      </p>
      <p className="mt-1 flex flex-wrap gap-1">
        {sample.slice(0, 8).map((t) => (
          <code key={t} className="rounded bg-sunken px-1">
            {t}
          </code>
        ))}
      </p>
    </div>
  );
}

export function FilePreview({ preview: { ref, name, bytes } }: PreviewProps<PreviewOf["file"]>) {
  return (
    <a
      className="nodrag inline-flex max-w-full items-center gap-1.5 rounded-md border border-line-strong px-2 py-1 text-xs hover:bg-sunken"
      href={blobUrl(ref, name)}
    >
      <Download className="size-3.5 shrink-0" aria-hidden />
      <span className="truncate">{name}</span>
      <span className="shrink-0 text-ink-3">{size(bytes)}</span>
    </a>
  );
}

/** Blue to white to red around the middle of the range, or white to accent for what is never negative. */
export function MatrixPreview({
  preview: { rows, columns, shape, values, rowImages },
  large,
}: PreviewProps<PreviewOf["matrix"]>) {
  const r = Math.min(rows.length, large ? 32 : 12);
  const c = Math.min(columns.length, large ? 32 : 12);
  const width = columns.length;
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  return (
    <div className="overflow-x-auto">
      <table className="w-full border-separate border-spacing-px text-[10px]">
        {large && columns.length > 0 && (
          <thead>
            <tr>
              <th colSpan={rowImages ? 2 : 1} />
              {columns.slice(0, c).map((name, j) => (
                <th key={`${name}-${j}`} className="h-28 text-center align-bottom font-normal text-ink-2">
                  <span
                    className="inline-block max-h-28 rotate-180 truncate text-left [writing-mode:vertical-rl]"
                    title={name}
                  >
                    {name}
                  </span>
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {Array.from({ length: r }, (_, i) => (
            <tr key={`${rows[i]}-${i}`}>
              {rowImages && (
                <td className="w-5 min-w-5">
                  {rowImages[i] && <Picture image={rowImages[i]} className="size-5 !border-0" />}
                </td>
              )}
              {large && (
                <th
                  className="w-px max-w-44 truncate pr-2 text-left font-normal whitespace-nowrap text-ink-2"
                  title={rows[i]}
                >
                  {rows[i]}
                </th>
              )}
              {Array.from({ length: c }, (_, j) => {
                const v = values[i * width + j] as number;
                return (
                  <td
                    key={`${columns[j]}-${j}`}
                    title={`${rows[i]} · ${columns[j]}: ${short(v)}`}
                    className="h-4 min-w-1.5 rounded-[2px]"
                    style={{
                      background: `color-mix(in oklab, var(--accent) ${Math.round(((v - low) / span) * 100)}%, var(--sunken))`,
                    }}
                  />
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-1 text-[11px] text-ink-3">
        {shape[0]} × {shape[1]} · {short(low)} … {short(low + span)}
      </p>
    </div>
  );
}
