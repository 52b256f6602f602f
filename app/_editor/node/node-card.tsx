import { Boxes, Maximize2, Play } from "lucide-react";
import { lazy, Suspense } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { compositeIdOf } from "#nodes/graph/composites";
import type { GraphNode } from "#nodes/graph/document";
import type { NodeWires } from "#nodes/graph/wire-types";
import { cx } from "../../_ui/cx";
import { useActions } from "../actions";
import type { CheckedNode } from "../checked-instance";
import { openInside } from "../composites/opening";
import { PublishedValues } from "../composites/published-values";
import { useCheckedNode, useEditor, useEditorStore, useNodeRun, wayTo } from "../context";
import { Notice } from "../notice";
import { isUnwired } from "../problems/listed";
import type { NodeRun } from "../run-state";
import { frameOf } from "./frame";
import { FoldedPorts } from "./folded-ports";
import { IdleMark, LockedMark, idleLook, PinMark, useIdle } from "./off-marks";
import { NodePreviews } from "./node-previews";
import { NodeProblems } from "./node-problems";
import { NodeProgress } from "./node-progress";
import { PortRow } from "./port-row";
import { colourOf, portsOf, type Side } from "./ports";
import { StaleMark } from "./stale-mark";
import { StatusSign } from "./status-sign";

const NodeHeat = lazy(async () => ({ default: (await import("./node-heat")).NodeHeat }));
const PictureOnNode = lazy(async () => ({ default: (await import("../picture-drawing")).PictureOnNode }));

interface NodeCardProps {
  id: string;
  definition: NodeDefinition | undefined;
  isSelected: boolean;
}

/** A node with all that it says: ports, note, problems, and what its run gave. */
export function NodeCard({ id, definition, isSelected }: NodeCardProps) {
  const node = useEditor((state) => state.shown.nodes[id]);
  const run = useNodeRun(id);
  const checked = useCheckedNode(id);
  const wasAsked = useEditor((state) => state.wasAsked);
  const idle = useIdle(id);
  const showsHeat = useEditor((state) => state.heat !== "off");
  if (!node) return null;
  const problems = checked?.problems ?? [];
  const isBad = problems.some((problem) => problem.severity === "error" && (wasAsked || !isUnwired(problem)));
  const isFolded = node.collapsed === true;
  const title = node.title ?? definition?.title ?? node.type;
  return (
    <div
      data-node={id}
      data-status={run?.status}
      className={cx(
        "w-60 overflow-visible rounded-xl border bg-surface",
        compositeIdOf(node.type) === undefined ? "shadow-[var(--shadow)]" : "shadow-[var(--stack)]",
        frameOf({ isBad, isSelected, status: run?.status }),
        idleLook(idle),
      )}
    >
      <Header id={id} node={node} title={title} definition={definition} isSelected={isSelected} run={run} />
      {run?.status === "running" && <NodeProgress progress={run.progress} />}
      {showsHeat && (
        <Suspense>
          <NodeHeat id={id} />
        </Suspense>
      )}
      {isFolded ? (
        <FoldedPorts id={id} definition={definition} />
      ) : (
        <Body id={id} node={node} title={title} definition={definition} run={run} checked={checked} />
      )}
    </div>
  );
}

interface BodyProps extends Omit<HeaderProps, "isSelected"> {
  checked: CheckedNode | undefined;
}

function Body({ id, node, title, definition, run, checked }: BodyProps) {
  const problems = checked?.problems ?? [];
  const wasAsked = useEditor((state) => state.wasAsked);
  // What a run gave shows the tiles of all pictures.
  const isDrawn = Object.values(run?.previews ?? {}).some(({ type }) => type === "view");
  return (
    <>
      <Ports id={id} definition={definition} wires={checked?.wires} />
      {compositeIdOf(node.type) !== undefined && <PublishedValues node={node} definition={definition} />}
      {!definition && <p className="px-2.5 pb-2 font-mono text-2xs text-ink-3">{node.type}</p>}
      {node.note && (
        <p className="border-t border-line px-2.5 py-1.5 text-2xs wrap-anywhere whitespace-pre-wrap text-ink-2">
          {node.note}
        </p>
      )}
      {definition?.notice && <Notice text={definition.notice} className="border-t border-line px-2.5 py-1.5" />}
      {definition?.draws && !isDrawn && (
        <Suspense>
          <PictureOnNode id={id} />
        </Suspense>
      )}
      <NodeProblems problems={problems} run={run} isAsked={wasAsked} />
      {run && <NodePreviews id={id} run={run} title={title} ports={definition?.outputs ?? {}} />}
    </>
  );
}

interface HeaderProps {
  id: string;
  node: GraphNode;
  title: string;
  definition: NodeDefinition | undefined;
  isSelected: boolean;
  run: NodeRun | undefined;
}

function Header({ id, node, title, definition, isSelected, run }: HeaderProps) {
  const colour = colourOf(definition);
  return (
    <div
      className="flex h-8 items-center gap-2 rounded-t-xl px-2.5"
      style={{ background: `color-mix(in srgb, ${colour} 12%, transparent)` }}
      title={definition?.description}
    >
      {compositeIdOf(node.type) === undefined ? (
        <span className="size-2 shrink-0 rounded-full" style={{ background: colour }} />
      ) : (
        <Boxes className="size-3.5 shrink-0" style={{ color: colour }} aria-label="composite" />
      )}
      <span className="min-w-0 flex-1 truncate text-sm font-semibold">{title}</span>
      {node.locked && <LockedMark />}
      <IdleMark idle={useIdle(id)} />
      <PinMark id={id} />
      <StaleMark id={id} />
      {run && <StatusSign run={run} />}
      {compositeIdOf(node.type) !== undefined && <OpenButton id={id} title={title} />}
      {isSelected && <RunButton id={id} title={title} />}
    </div>
  );
}

function OpenButton({ id, title }: { id: string; title: string }) {
  const store = useEditorStore();
  return (
    <button
      type="button"
      aria-label={`Open ${title}`}
      title="Open the composite (Enter, or a double click)"
      onClick={() => openInside(store, id)}
      className="nodrag rounded p-0.5 text-ink-2 hover:bg-surface hover:text-accent"
    >
      <Maximize2 className="size-3.5" aria-hidden />
    </button>
  );
}

/** Runs the graph up to a node; not in a snapshot. */
function RunButton({ id, title }: { id: string; title: string }) {
  const way = useEditor((state) => wayTo(state, id));
  const frozen = useEditor((state) => state.frozen);
  const { runGraph } = useActions();
  if (frozen) return null;
  return (
    <button
      type="button"
      aria-label={`Run up to ${title}`}
      title="Run up to this node"
      onClick={() => runGraph([way])}
      className="nodrag rounded p-0.5 text-ink-2 hover:bg-surface hover:text-accent"
    >
      <Play className="size-3.5" aria-hidden />
    </button>
  );
}

interface PortsProps {
  id: string;
  definition: NodeDefinition | undefined;
  wires: NodeWires | undefined;
}

/** Inputs on the left, outputs on the right; one that stands alone in its row has all of it. */
function Ports({ id, definition, wires }: PortsProps) {
  const inputs = portsOf(definition, "in");
  const outputs = portsOf(definition, "out");
  return (
    <div className="py-1.5">
      {Array.from({ length: Math.max(inputs.length, outputs.length) }, (_, row) => (
        <div key={row} className="flex justify-between">
          <PortAt node={id} side="in" port={inputs[row]} wires={wires} />
          <PortAt node={id} side="out" port={outputs[row]} wires={wires} />
        </div>
      ))}
    </div>
  );
}

interface PortAtProps {
  node: string;
  side: Side;
  port: [name: string, port: Port] | undefined;
  wires: NodeWires | undefined;
}

function PortAt({ node, side, port: named, wires }: PortAtProps) {
  if (!named) return null;
  const [name, port] = named;
  const isHollow = side === "in" && !port.optional && wires !== undefined && !wires.in[name];
  return (
    <div className={side === "in" ? "max-w-1/2 shrink-0" : "ml-auto min-w-0"}>
      <PortRow node={node} {...{ name, port, side, isHollow }} wire={wires?.[side][name]} />
    </div>
  );
}
