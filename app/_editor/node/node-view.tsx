"use client";

import { type NodeProps, useUpdateNodeInternals } from "@xyflow/react";
import { Play } from "lucide-react";
import { memo, useEffect, useRef } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import type { Types } from "#nodes/graph/infer";
import { cx } from "../../_ui/cx";
import { useActions } from "../actions";
import { definitionAt, useCheckedNode, useEditor } from "../context";
import { Notice } from "../notice";
import { hasEnded, type NodeRun } from "../run-state";
import { NodePreviews } from "./node-previews";
import { NodeProblems } from "./node-problems";
import { NodeProgress } from "./node-progress";
import { PortRow, type Side } from "./port-row";
import { StatusSign } from "./status-sign";

/** A node on the canvas, whatever its type: all of it comes from the definition. */
export const NodeView = memo(function NodeView({ id, selected }: NodeProps) {
  const node = useEditor((state) => state.history.present.nodes[id]);
  const run = useEditor((state) => state.run.nodes[id]);
  const definition = useEditor((state) => definitionAt(state, id));
  const checked = useCheckedNode(id);
  useMeasuredPorts(id, definition);
  if (!node) return null;
  const problems = checked?.problems ?? [];
  const title = node.title ?? definition?.title ?? node.type;
  return (
    <div
      data-node={id}
      data-status={run?.status}
      className={cx(
        "w-60 overflow-visible rounded-xl border bg-surface shadow-[var(--shadow)]",
        frameOf({ isBad: problems.some((problem) => problem.severity === "error"), isSelected: selected, run }),
      )}
    >
      <Header id={id} title={title} definition={definition} selected={selected} run={run} />
      {run?.status === "running" && <NodeProgress progress={run.progress} />}
      <Ports id={id} definition={definition} wires={checked?.wires} />
      {!definition && <p className="px-2.5 pb-2 font-mono text-[11px] text-ink-3">{node.type}</p>}
      {node.note && (
        <p className="border-t border-line px-2.5 py-1.5 text-[11px] wrap-anywhere whitespace-pre-wrap text-ink-2">
          {node.note}
        </p>
      )}
      {definition?.notice && <Notice text={definition.notice} className="border-t border-line px-2.5 py-1.5" />}
      <NodeProblems problems={problems} run={run} />
      {run && <NodePreviews run={run} title={title} />}
    </div>
  );
});

/**
 * React Flow measures a node when it appears and when its size changes; ports that come with a parameter it must be
 * told of.
 */
function useMeasuredPorts(id: string, definition: NodeDefinition | undefined): void {
  const measure = useUpdateNodeInternals();
  const ports = Object.keys({ ...definition?.inputs, ...definition?.outputs }).join();
  const measured = useRef(ports);
  useEffect(() => {
    if (measured.current === ports) return;
    measured.current = ports;
    measure(id);
  }, [id, ports, measure]);
}

const outlines: { [S in NodeRun["status"]]?: string } = {
  running: "border-accent ring-3 ring-accent/20",
  failed: "border-bad",
};

/** Border and ring: a problem shows before the run, the run before the selection. */
export function frameOf({ isBad, isSelected, run }: { isBad: boolean; isSelected: boolean; run?: NodeRun }): string {
  const plain = isSelected ? "border-accent" : "border-line-strong";
  const border = isBad ? "border-bad" : ((run && outlines[run.status]) ?? plain);
  return `${border} ${isSelected ? "ring-3 ring-accent/25" : ""}`;
}

/** The colour of what a node gives, or of what it takes where it gives nothing. */
function colourOf(definition: NodeDefinition | undefined): string {
  const [port] = [...portsOf(definition, "out"), ...portsOf(definition, "in")];
  return `var(--port-${port?.[1].type ?? "file"})`;
}

function portsOf(definition: NodeDefinition | undefined, side: Side): [string, Port][] {
  return Object.entries<Port>((side === "in" ? definition?.inputs : definition?.outputs) ?? {});
}

interface HeaderProps {
  id: string;
  title: string;
  definition: NodeDefinition | undefined;
  selected: boolean;
  run: NodeRun | undefined;
}

function Header({ id, title, definition, selected, run }: HeaderProps) {
  const colour = colourOf(definition);
  return (
    <div
      className="flex h-8 items-center gap-2 rounded-t-xl px-2.5"
      style={{ background: `color-mix(in srgb, ${colour} 12%, transparent)` }}
      title={definition?.description}
    >
      <span className="size-2 shrink-0 rounded-full" style={{ background: colour }} />
      <span className="min-w-0 flex-1 truncate text-[12.5px] font-semibold">{title}</span>
      {run && <StatusSign run={run} />}
      {selected && <RunButton id={id} title={title} />}
    </div>
  );
}

/** Runs the graph up to a node; not in a snapshot, and not while a run goes on. */
function RunButton({ id, title }: { id: string; title: string }) {
  const canRun = useEditor(({ frozen, run }) => !frozen && (run.status === undefined || hasEnded(run.status)));
  const { runGraph } = useActions();
  if (!canRun) return null;
  return (
    <button
      type="button"
      aria-label={`Run up to ${title}`}
      title="Run up to this node"
      onClick={() => runGraph([id])}
      className="nodrag rounded p-0.5 text-ink-2 hover:bg-surface hover:text-accent"
    >
      <Play className="size-3.5" aria-hidden />
    </button>
  );
}

interface PortsProps {
  id: string;
  definition: NodeDefinition | undefined;
  wires: Types[string] | undefined;
}

/** Inputs on the left, outputs on the right. */
function Ports({ id, definition, wires }: PortsProps) {
  return (
    <div className="grid grid-cols-2 py-1.5">
      {(["in", "out"] as const).map((side) => (
        <div key={side} className="min-w-0">
          {portsOf(definition, side).map(([name, port]) => (
            <PortRow key={name} node={id} name={name} port={port} side={side} wire={wires?.[side][name]} />
          ))}
        </div>
      ))}
    </div>
  );
}
