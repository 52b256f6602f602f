"use client";

import { Download } from "lucide-react";
import type { PreviewOf } from "#nodes/core/preview";
import { countOf, shortNumber, size } from "../../_ui/amounts";
import { cx } from "../../_ui/cx";
import { blobUrl } from "../upload";
import type { PreviewProps } from "./preview-props";

export function NumberPreview({ preview: { value }, name }: PreviewProps<PreviewOf["number"]>) {
  return (
    <div className="flex items-baseline justify-between gap-2">
      <span className="text-xs text-ink-2">{name}</span>
      <span className="text-lg font-semibold tabular-nums">{shortNumber(value)}</span>
    </div>
  );
}

export function TextPreview({ preview: { items, count }, large }: PreviewProps<PreviewOf["text"]>) {
  return (
    <div>
      <ul className="text-[11px] text-ink-2">
        {items.slice(0, large ? 20 : 4).map((text, i) => (
          <li key={`${i}-${text}`} className="truncate border-b border-line py-0.5 last:border-0" title={text}>
            {text}
          </li>
        ))}
      </ul>
      <p className="mt-1 text-[11px] text-ink-3">{countOf(count, "text")}</p>
    </div>
  );
}

export function TensorPreview({ preview }: PreviewProps<PreviewOf["tensor"]>) {
  const { dtype, shape, min, max, mean, std, histogram, head } = preview;
  return (
    <div className="text-[11px] text-ink-2">
      {histogram && <Histogram counts={histogram} />}
      <p className="mt-1 font-mono text-ink">
        {dtype} [{shape.join(", ")}]
      </p>
      {min !== undefined && max !== undefined && (
        <p className="tabular-nums">
          {shortNumber(min)} … {shortNumber(max)}
          {mean !== undefined && std !== undefined && ` · mean ${shortNumber(mean)} · std ${shortNumber(std)}`}
        </p>
      )}
      {!histogram && <p className="truncate font-mono">{head.map(shortNumber).join(" ")}</p>}
    </div>
  );
}

function Histogram({ counts }: { counts: readonly number[] }) {
  const most = Math.max(1, ...counts);
  return (
    <svg
      viewBox={`0 0 ${counts.length} 20`}
      preserveAspectRatio="none"
      className="h-9 w-full rounded bg-sunken"
      role="img"
      aria-label="Histogram"
    >
      {counts.map((count, i) => {
        const height = (19 * count) / most;
        return (
          <rect
            key={`${i}-${count}`}
            x={i + 0.1}
            width={0.8}
            y={20 - height}
            height={height}
            fill="var(--port-tensor)"
          />
        );
      })}
    </svg>
  );
}

export function WeightsPreview({ preview, large }: PreviewProps<PreviewOf["weights"]>) {
  const { parameters, tensors, ref, bytes, quantized, count = tensors.length } = preview;
  return (
    <div className="text-[11px] text-ink-2">
      <p className="text-ink">
        <b className="text-sm tabular-nums">
          {parameters < 1e6 ? shortNumber(parameters) : `${(parameters / 1e6).toFixed(2)} M`}
        </b>{" "}
        parameters in {count} tensors{bytes !== undefined && `, ${size(bytes)}`}
      </p>
      {quantized && (
        <p>
          {quantized.matrices} matrices in blocks, {size(quantized.bytesBefore)} before; most is lost in{" "}
          <code>{quantized.worst.name}</code>, {(100 * quantized.worst.error).toFixed(2)} %
        </p>
      )}
      {large && (
        <ul className="mt-1 max-h-64 overflow-y-auto font-mono">
          {tensors.map(({ name, shape }) => (
            <li key={name} className="flex justify-between gap-3">
              <span className="truncate">{name}</span>
              <span>[{shape.join(", ")}]</span>
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
        {sample.slice(0, 8).map((token) => (
          <code key={token} className="rounded bg-sunken px-1">
            {token}
          </code>
        ))}
      </p>
    </div>
  );
}

export function FilePreview({ preview: { beside = [], ...file } }: PreviewProps<PreviewOf["file"]>) {
  return (
    <div className="flex flex-col items-start gap-1">
      {[file, ...beside].map((one) => (
        <FileLink key={one.name} {...one} />
      ))}
    </div>
  );
}

function FileLink({ ref, name, bytes }: { ref: string; name: string; bytes: number }) {
  return (
    <a
      className={cx(
        "nodrag inline-flex max-w-full items-center gap-1.5 rounded-md border border-line-strong",
        "px-2 py-1 text-xs hover:bg-sunken",
      )}
      href={blobUrl(ref, name)}
    >
      <Download className="size-3.5 shrink-0" aria-hidden />
      <span className="truncate">{name}</span>
      <span className="shrink-0 text-ink-3">{size(bytes)}</span>
    </a>
  );
}
