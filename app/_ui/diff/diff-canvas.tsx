"use client";

import {
  Background,
  BackgroundVariant,
  BaseEdge,
  Controls,
  type Edge,
  type EdgeProps,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import { memo, useEffect, useMemo } from "react";
import type { Change } from "#nodes/graph/changes";
import type { GraphDocument, Point, Wire } from "#nodes/graph/document";
import { wireKey } from "#nodes/graph/document-shape";
import { pathBack, routesOf } from "../../_editor/canvas/routing";
import { pathThrough } from "../../_editor/canvas/wire-path";
import { cx } from "../cx";
import { fieldText, levelOf, nodeTitle, placeOf, typeTitle, valueText } from "./told";

export type Fate = "added" | "removed" | "changed" | "same";

interface DiffCanvasProps {
  before: GraphDocument;
  after: GraphDocument;
  changes: readonly Change[];
  /** The composite of which the inside is shown. */
  composite?: string;
  /** The node that is looked at. */
  chosen?: string;
}

/** Two states of a graph on one canvas: what came, what went, what is otherwise. Nothing can be edited. */
export function DiffCanvas(props: DiffCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

const nodeTypes = { node: memo(DiffNode) };
const edgeTypes = { wire: memo(DiffWire) };
const fitViewOptions = { padding: 0.1, maxZoom: 1 };

function Canvas({ before, after, changes, composite, chosen }: DiffCanvasProps) {
  const flow = useReactFlow();
  const nodes = useMemo(() => diffNodes({ before, after, changes, composite }), [before, after, changes, composite]);
  const edges = useMemo(() => diffEdges({ before, after, composite }, nodes), [before, after, composite, nodes]);
  const size = useStore(({ width, height }) => `${width}×${height}`);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another size of the canvas shows another part
  useEffect(() => void flow.fitView(fitViewOptions), [size, flow]);
  useEffect(() => {
    if (chosen !== undefined) void flow.fitView({ nodes: [{ id: chosen }], duration: 200, maxZoom: 1, padding: 2 });
  }, [chosen, flow]);
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      nodesDraggable={false}
      nodesConnectable={false}
      elementsSelectable={false}
      deleteKeyCode={null}
      fitView
      fitViewOptions={fitViewOptions}
      minZoom={0.02}
      onlyRenderVisibleElements={nodes.length > 200}
    >
      <Background variant={BackgroundVariant.Dots} gap={22} size={1.5} />
      <Controls showInteractive={false} position="bottom-left" />
    </ReactFlow>
  );
}

interface NodeFacts extends Record<string, unknown> {
  title: string;
  type: string;
  fate: Fate;
  lines: { what: string; before: string; after: string }[];
}

const width = 230;

function diffNodes({ before, after, changes, composite }: DiffCanvasProps): Node<NodeFacts>[] {
  const documents = [after, before];
  const [old, now] = [levelOf(before, composite), levelOf(after, composite)];
  const ids = [...new Set([...Object.keys(now?.nodes ?? {}), ...Object.keys(old?.nodes ?? {})])];
  return ids.map((id) => {
    const node = now?.nodes[id] ?? old?.nodes[id];
    const own = changes.filter(({ path }) => {
      const place = placeOf(path);
      return place.composite === composite && place.table === "nodes" && place.id === id;
    });
    const whole = own.find(({ path }) => placeOf(path).field === undefined);
    const lines = own
      .filter((change) => change !== whole)
      .map(({ path, before, after }) => ({
        what: fieldText(placeOf(path), documents),
        before: valueText(before, placeOf(path), documents),
        after: valueText(after, placeOf(path), documents),
      }));
    const fate = whole?.kind ?? (own.length ? "changed" : "same");
    const type = typeTitle(now?.nodes[id] ? after : before, node?.type ?? "");
    const data: NodeFacts = { title: nodeTitle(documents, composite, id), type, fate, lines };
    const height = 44 + Math.min(lines.length, most) * 20 + (lines.length > most ? 18 : 0);
    return { id, type: "node", data, position: node?.position ?? { x: 0, y: 0 }, width, height };
  });
}

const edgeLooks = {
  same: { stroke: "var(--line-strong)", strokeWidth: 1.5 },
  changed: { stroke: "var(--line-strong)", strokeWidth: 1.5 },
  added: { stroke: "var(--good)", strokeWidth: 2.5 },
  removed: { stroke: "var(--bad)", strokeWidth: 2, strokeDasharray: "6 4" },
} satisfies { [F in Fate]: object };

interface WireFacts extends Record<string, unknown> {
  fate: Fate;
  /** The way around nodes. */
  bends: readonly Point[];
}
type DiffEdge = Edge<WireFacts>;

function diffEdges({ before, after, composite }: Omit<DiffCanvasProps, "changes">, nodes: readonly Node[]): DiffEdge[] {
  const boxes = new Map(nodes.map(({ id, position, height = 0 }) => [id, { ...position, width, height }]));
  const wiresOf = (document: GraphDocument) =>
    new Map((levelOf(document, composite)?.wires ?? []).map((wire) => [wireKey(wire as Wire), wire as Wire]));
  const [old, now] = [wiresOf(before), wiresOf(after)];
  const wires = [...new Map([...old, ...now])].flatMap(([key, { from, to }]) => {
    const [source, target] = [boxes.get(from.node), boxes.get(to.node)];
    if (!source || !target) return [];
    const ends = {
      owner: from.node,
      from: { x: source.x + width, y: source.y + source.height / 2 },
      to: { x: target.x, y: target.y + target.height / 2 },
    };
    return [{ key, from, to, ends }];
  });
  const routes = routesOf(
    wires.map(({ ends }) => ends),
    [...boxes.values()],
  );
  return wires.map(({ key, from, to }, place): DiffEdge => {
    const fate = old.has(key) ? (now.has(key) ? "same" : "removed") : "added";
    const label = fate === "same" ? undefined : `${fate} wire ${key}`;
    const data = { fate, bends: routes[place] ?? [] } as const;
    return {
      id: key,
      type: "wire",
      source: from.node,
      target: to.node,
      style: edgeLooks[fate],
      ariaLabel: label,
      data,
    };
  });
}

function DiffWire(wire: EdgeProps<DiffEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, data, style } = wire;
  const bends = data?.bends ?? [];
  const back = pathBack({ x: sourceX, y: sourceY }, bends, { x: targetX, y: targetY });
  return <BaseEdge id={id} path={back ?? pathThrough(wire, bends)} style={style} />;
}

const looks: { [F in Fate]: { frame: string; head: string; sign: string } } = {
  same: { frame: "border-line bg-surface", head: "text-ink-3", sign: "" },
  added: { frame: "border-good bg-surface ring-2 ring-good/30", head: "bg-good-soft text-good", sign: "+ " },
  removed: {
    frame: "border-bad border-dashed bg-surface",
    head: "bg-bad-soft text-bad line-through",
    sign: "− ",
  },
  changed: { frame: "border-warn bg-surface ring-2 ring-warn/30", head: "bg-warn-soft text-warn", sign: "~ " },
};
const most = 5;

function DiffNode({ id, data }: NodeProps<Node<NodeFacts>>) {
  const { frame, head, sign } = looks[data.fate];
  return (
    <div
      className={cx("overflow-hidden rounded-lg border text-xs", frame)}
      style={{ width }}
      data-fate={data.fate}
      data-diff-node={id}
    >
      <Handle type="target" position={Position.Left} className="!invisible" />
      <Handle type="source" position={Position.Right} className="!invisible" />
      <div className={cx("truncate px-2 pt-1 font-semibold", head)}>
        {sign}
        {data.title}
      </div>
      <div className={cx("truncate px-2 pb-1 text-2xs", head, "!no-underline")}>
        {data.type === data.title ? id : data.type}
      </div>
      {data.lines.slice(0, most).map(({ what, before, after }) => (
        <div key={what} className="flex gap-1 border-t border-line px-2 py-px text-2xs">
          <span className="shrink-0 text-ink-2">{what}</span>
          <span className="ml-auto max-w-[80px] truncate font-mono text-bad" title={before}>
            {before}
          </span>
          <span aria-hidden>→</span>
          <span className="max-w-[80px] truncate font-mono text-good" title={after}>
            {after}
          </span>
        </div>
      ))}
      {data.lines.length > most && (
        <div className="border-t border-line px-2 text-2xs text-ink-3">and {data.lines.length - most} more</div>
      )}
    </div>
  );
}
