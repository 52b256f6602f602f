"use client";

import { Download, TriangleAlert } from "lucide-react";
import type { PreviewOf } from "#nodes/core/preview";
import { shapeText } from "#nodes/graph/infer";
import { countOf, shortNumber, size } from "../../_ui/amounts";
import { cx } from "../../_ui/cx";
import { useBlobUrl } from "../blob-folder";
import type { PreviewProps } from "./preview-props";

export function NumberPreview({ preview: { value }, name, port }: PreviewProps<PreviewOf["number"]>) {
  return (
    <div className="flex items-baseline justify-between gap-2" title={port?.doc}>
      <span className="text-xs text-ink-2">{name}</span>
      <span>
        <span className="text-base font-semibold tabular-nums">{shortNumber(value)}</span>
        {port?.unit && <span className="text-2xs text-ink-3"> {port.unit}</span>}
      </span>
    </div>
  );
}

export function TextPreview({ preview: { items, count }, large, isGrowing }: PreviewProps<PreviewOf["text"]>) {
  const shown = items.slice(0, large ? 20 : 4);
  return (
    <div>
      <ul className={large ? "text-xs text-ink" : "text-2xs text-ink-2"}>
        {shown.map((text, i) => (
          <li key={i} className="border-b border-line py-0.5 last:border-0" title={large ? undefined : text}>
            <p className={textForm({ few: shown.length < 3, large, isGrowing })}>
              {isGrowing ? <span>{text}</span> : text}
            </p>
          </li>
        ))}
      </ul>
      <p className="mt-1 text-2xs text-ink-3">{countOf(count, "text")}</p>
    </div>
  );
}

/** A few texts are read on the node, of one that is being written its end; of many each has a line. */
function textForm({ few, large, isGrowing }: { few: boolean; large?: boolean; isGrowing?: boolean }): string {
  if (large) return "wrap-anywhere whitespace-pre-wrap";
  if (!few) return "truncate";
  const isCut = isGrowing ? "flex max-h-24 flex-col-reverse overflow-hidden" : "line-clamp-6";
  return cx("wrap-anywhere whitespace-pre-wrap", isCut);
}

export function TensorPreview({ preview }: PreviewProps<PreviewOf["tensor"]>) {
  const { dtype, shape, rows, min, max, mean, std, histogram, head, odd } = preview;
  return (
    <div className="text-2xs text-ink-2">
      {histogram && <Histogram counts={histogram} />}
      {odd && <OddMark {...odd} />}
      <p className="mt-1 font-mono text-ink">
        {dtype} {shapeText(shape, rows && countOf(rows, "row"))}
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

/** Numbers that are none, and where they begin. */
function OddMark({ nan, infinite, first }: NonNullable<PreviewOf["tensor"]["odd"]>) {
  const counted = [nan && `${nan.toLocaleString()} NaN`, infinite && `${infinite.toLocaleString()} infinite`];
  return (
    <p className="mt-1 flex items-center gap-1 rounded bg-bad-soft px-1.5 py-0.5 text-bad" data-odd>
      <TriangleAlert className="size-3.5 shrink-0" aria-hidden />
      {counted.filter(Boolean).join(", ")}, first at [{first.join(", ")}]
    </p>
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
  const blobUrl = useBlobUrl();
  return (
    <div className="text-2xs text-ink-2">
      {count === 0 ? (
        <p>No tensors yet: they are made where they are first used.</p>
      ) : (
        <p className="text-ink">
          <b className="text-sm tabular-nums">
            {parameters < 1e6 ? shortNumber(parameters) : `${(parameters / 1e6).toFixed(2)} M`}
          </b>{" "}
          parameters in {count} tensors{bytes !== undefined && `, ${size(bytes)}`}
        </p>
      )}
      {quantized && (
        <p>
          {size(quantized.bytesBefore)} before; {quantized.matrices} matrices in blocks lose up to{" "}
          {percent(quantized.worst.error)}
        </p>
      )}
      {large && <Tensors tensors={tensors} count={count} />}
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

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Names and shapes; of matrices in blocks also how they are kept and what that lost. */
function Tensors({ tensors, count }: Pick<PreviewOf["weights"], "tensors" | "count">) {
  const inBlocks = tensors.some(({ bits }) => bits !== undefined);
  const more = (count ?? tensors.length) - tensors.length;
  return (
    <div className="mt-1 max-h-80 overflow-y-auto">
      <table className="w-full font-mono">
        {inBlocks && (
          <thead className="sticky top-0 bg-raised text-left text-ink-3">
            <tr>
              <th className="font-normal">name</th>
              <th className="text-right font-normal">shape</th>
              <th className="pl-4 text-right font-normal whitespace-nowrap">kept as</th>
              <th className="pl-4 text-right font-normal" title="‖Ŵ − W‖ / ‖W‖">
                lost
              </th>
            </tr>
          </thead>
        )}
        <tbody>
          {tensors.map(({ name, shape, bits, error }) => (
            <tr key={name}>
              <td className="max-w-0 w-full truncate" title={name}>
                {name}
              </td>
              <td className="text-right whitespace-nowrap">[{shape.join(", ")}]</td>
              {inBlocks && <td className="pl-4 text-right">{bits && `int${bits}`}</td>}
              {inBlocks && (
                <td className="pl-4 text-right whitespace-nowrap">{error === undefined ? "" : percent(error)}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p className="text-ink-3">and {more.toLocaleString()} more</p>}
    </div>
  );
}

export function TokenizerPreview({ preview: { vocabulary, sample } }: PreviewProps<PreviewOf["tokenizer"]>) {
  return (
    <div className="text-2xs text-ink-2">
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
  const blobUrl = useBlobUrl();
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
