"use client";

import { Handle, type NodeProps, Position, useUpdateNodeInternals } from "@xyflow/react";
import {
  CircleAlert,
  CircleCheck,
  CircleX,
  LoaderCircle,
  Maximize2,
  Play,
  Snowflake,
  TriangleAlert,
  Zap,
} from "lucide-react";
import { memo, useEffect, useState } from "react";
import type { Port, WireType } from "#nodes/core/ports";
import type { Problem } from "#nodes/graph/problem";
import { duration, size } from "../_ui/amounts";
import { Chart } from "../_ui/chart";
import { useChecked, useDefinitions, useEditor } from "./context";
import { useActions } from "./actions";
import { PreviewWindow } from "./preview-window";
import { PreviewView } from "./previews";
import type { NodeRun } from "./run-state";

/** The shape on a wire, short: "[N, 3, 32, 32] float32". */
export const describe = ({ dtype, shape }: Pick<WireType, "dtype" | "shape">): string =>
  [shape && `[${shape.join(", ")}]`, dtype].filter(Boolean).join(" ");

function PortRow({
  node,
  name,
  port,
  side,
  wire,
}: {
  node: string;
  name: string;
  port: Port;
  side: "in" | "out";
  wire?: WireType;
}) {
  const left = side === "in";
  const shape = describe(wire ?? port);
  return (
    <div className={`relative flex h-[22px] items-center ${left ? "pr-2 pl-3.5" : "justify-end pr-3.5 pl-2"}`}>
      <Handle
        id={name}
        type={left ? "target" : "source"}
        position={left ? Position.Left : Position.Right}
        style={{ background: `var(--port-${port.type})` }}
        aria-label={`${left ? "input" : "output"} ${node}.${name}`}
      />
      <span
        className={`min-w-0 truncate text-[11.5px] ${left && port.optional ? "text-ink-3" : "text-ink-2"}`}
        title={[`${name}: ${port.type} ${shape}`, port.doc].filter(Boolean).join("\n")}
      >
        {name}
      </span>
    </div>
  );
}

const outlines: { [S in NodeRun["status"]]?: string } = {
  running: "border-accent ring-3 ring-accent/20",
  failed: "border-bad",
};

function StatusSign({ run }: { run: NodeRun }) {
  if (run.once)
    return (
      <span
        className="flex items-center gap-1 text-[11px] text-ink-3"
        title={`Frozen: ran once for each of ${run.once.rows.toLocaleString()} rows, and what it gave is kept (${size(run.once.bytes)})`}
      >
        once
        <Snowflake className="size-3.5 text-accent" aria-label="ran once for each row" />
      </span>
    );
  if (run.status === "running")
    return <LoaderCircle className="size-3.5 animate-spin text-accent" aria-label="running" />;
  if (run.status === "done")
    return (
      <span className="flex items-center gap-1 text-[11px] text-ink-3">
        {duration(run.ms ?? 0)}
        <CircleCheck className="size-3.5 text-good" aria-label="done" />
      </span>
    );
  if (run.status === "cached")
    return (
      <span title="From the cache: nothing it depends on has changed">
        <Zap className="size-3.5 text-good" aria-label="cached" />
      </span>
    );
  if (run.status === "failed") return <CircleX className="size-3.5 text-bad" aria-label="failed" />;
  return null;
}

function Problems({ problems, run }: { problems: readonly Problem[]; run?: NodeRun }) {
  const lines = [
    ...problems.map((p) => ({ bad: p.severity === "error", text: p.message, hint: p.hint })),
    ...(run?.error ? [{ bad: true, text: run.error.message, hint: run.error.hint }] : []),
    ...(run?.warnings ?? []).map((text) => ({ bad: false, text, hint: undefined })),
  ];
  if (!lines.length) return null;
  return (
    <ul className="overflow-hidden border-t border-line last:rounded-b-[11px]">
      {lines.slice(0, 3).map((l) => (
        <li
          key={l.text}
          className={`flex gap-1.5 px-2.5 py-1.5 text-[11px] leading-snug ${l.bad ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn"}`}
        >
          {l.bad ? (
            <CircleAlert className="mt-px size-3.5 shrink-0" aria-hidden />
          ) : (
            <TriangleAlert className="mt-px size-3.5 shrink-0" aria-hidden />
          )}
          <span className="min-w-0 break-words">
            {l.text}
            {l.hint && <span className="block opacity-80">{l.hint}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Lines up with what it shows: numbers of one node together, everything else one below the other. */
function Previews({ run, title }: { run: NodeRun; title: string }) {
  const [open, setOpen] = useState(false);
  const all = Object.entries(run.previews ?? {});
  const { metrics } = run;
  if (run.status === "running" && metrics && metrics.steps.length > 1)
    return (
      <div className="border-t border-line p-2">
        <Chart
          label="step"
          x={metrics.steps}
          lines={Object.entries(metrics.values)
            .slice(0, 1)
            .map(([name, values]) => ({ name, values }))}
          height={120}
        />
      </div>
    );
  if (!all.length) return null;
  // A node shows its most telling output; the window shows all.
  const shown = all.every(([, p]) => p.type === "number")
    ? all
    : [
        all.find(([, p]) => p.type !== "text" && p.type !== "number" && p.type !== "weights") ??
          (all[0] as (typeof all)[number]),
        ...all.filter(([, p]) => p.type === "number").slice(0, 4),
      ];
  return (
    <div
      className={`group/preview relative border-t border-line p-2 ${run.status === "waiting" || run.status === "running" ? "opacity-45" : ""}`}
    >
      {[...new Map(shown)].map(([name, preview]) => (
        <PreviewView key={name} name={name} preview={preview} />
      ))}
      <button
        type="button"
        aria-label={`Enlarge the previews of ${title}`}
        onClick={() => setOpen(true)}
        className="nodrag absolute top-1 right-1 hidden rounded-md border border-line bg-raised p-1 text-ink-2 shadow group-hover/preview:block hover:text-ink focus:block"
      >
        <Maximize2 className="size-3.5" aria-hidden />
      </button>
      {open && <PreviewWindow title={title} previews={run.previews ?? {}} onClose={() => setOpen(false)} />}
    </div>
  );
}

/** A node on the canvas, whatever its type: all of it comes from the definition. */
export const NodeView = memo(function NodeView({ id, selected }: NodeProps) {
  const node = useEditor((s) => s.history.present.nodes[id]);
  const run = useEditor((s) => s.run.nodes[id]);
  const frozen = useEditor((s) => s.frozen);
  const busy = useEditor((s) => s.run.status === "running" || s.run.status === "queued");
  const { types, problems: all } = useChecked();
  const { run: start } = useActions();
  const definition = useDefinitions()(id);
  // Ports that come with a parameter: React Flow measures their handles only when told.
  const measure = useUpdateNodeInternals();
  const ports = Object.keys({ ...definition?.inputs, ...definition?.outputs }).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `ports` is why it measures again
  useEffect(() => measure(id), [id, ports, measure]);
  if (!node) return null;
  const problems = all.filter((p) => p.node === id);
  const bad = problems.some((p) => p.severity === "error");
  const title = node.title ?? definition?.title ?? node.type;
  const inputs = Object.entries<Port>(definition?.inputs ?? {});
  const outputs = Object.entries<Port>(definition?.outputs ?? {});
  const colour = `var(--port-${outputs[0]?.[1].type ?? inputs[0]?.[1].type ?? "file"})`;
  return (
    <div
      data-node={id}
      data-status={run?.status}
      className={`w-60 overflow-visible rounded-xl border bg-surface shadow-[var(--shadow)] ${bad ? "border-bad" : ((run && outlines[run.status]) ?? (selected ? "border-accent" : "border-line-strong"))} ${selected ? "ring-3 ring-accent/25" : ""}`}
    >
      <div
        className="flex h-8 items-center gap-2 rounded-t-xl px-2.5"
        style={{ background: `color-mix(in srgb, ${colour} 12%, transparent)` }}
        title={definition?.description}
      >
        <span className="size-2 shrink-0 rounded-full" style={{ background: colour }} />
        <span className="min-w-0 flex-1 truncate text-[12.5px] font-semibold">{title}</span>
        {run && <StatusSign run={run} />}
        {!frozen && selected && !busy && (
          <button
            type="button"
            aria-label={`Run up to ${title}`}
            title="Run up to this node"
            onClick={() => start([id])}
            className="nodrag rounded p-0.5 text-ink-2 hover:bg-surface hover:text-accent"
          >
            <Play className="size-3.5" aria-hidden />
          </button>
        )}
      </div>
      {run?.status === "running" && (
        <div className="px-2.5 pt-1.5">
          <div
            className="h-1 overflow-hidden rounded-full bg-line"
            role="progressbar"
            aria-valuenow={run.progress ? Math.round((100 * run.progress.done) / run.progress.of) : undefined}
          >
            <div
              className={`h-full rounded-full bg-accent transition-[width] ${run.progress ? "" : "w-1/3 animate-pulse"}`}
              style={run.progress && { width: `${(100 * run.progress.done) / Math.max(1, run.progress.of)}%` }}
            />
          </div>
          {run.progress && (
            <p className="mt-1 truncate text-[11px] text-ink-2 tabular-nums">
              {run.progress.done.toLocaleString()} of {run.progress.of.toLocaleString()}
              {run.progress.note ? ` · ${run.progress.note}` : ""}
            </p>
          )}
        </div>
      )}
      <div className="grid grid-cols-2 py-1.5">
        <div className="min-w-0">
          {inputs.map(([name, port]) => (
            <PortRow key={name} node={id} name={name} port={port} side="in" wire={types[id]?.in[name]} />
          ))}
        </div>
        <div className="min-w-0">
          {outputs.map(([name, port]) => (
            <PortRow key={name} node={id} name={name} port={port} side="out" wire={types[id]?.out[name]} />
          ))}
        </div>
      </div>
      {!definition && <p className="px-2.5 pb-2 font-mono text-[11px] text-ink-3">{node.type}</p>}
      {node.note && (
        <p className="border-t border-line px-2.5 py-1.5 text-[11px] whitespace-pre-wrap text-ink-2">{node.note}</p>
      )}
      <Problems problems={problems} run={run} />
      {run && <Previews run={run} title={title} />}
    </div>
  );
});
