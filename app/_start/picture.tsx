import type { Port } from "#nodes/core/ports";
import type { GraphDocument, GraphNode } from "#nodes/graph/document";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { readTemplate } from "#server/templates";

/** How large a node is drawn, and how far from the edge, in the units of the document's positions. */
const box = { width: 190, height: 92 };
const margin = 60;

type Outputs = Readonly<Record<string, Port>>;

/** A template's card picture: its graph, drawn small, in the colours of its wires. Always what the template is. */
export async function TemplatePicture({ id }: { id: string }) {
  const document = await readTemplate(id);
  return document ? <GraphPicture document={document} /> : null;
}

export function GraphPicture({ document }: { document: GraphDocument }) {
  const nodes = Object.entries(document.nodes);
  if (!nodes.length) return <div className="flex h-full items-center justify-center text-ink-3">Empty graph</div>;
  const { left, top, width, height } = frameOf(nodes.map(([, node]) => node));
  const outputsOf = (id: string): Outputs => definitionOf(document, id, registry)?.outputs ?? {};
  return (
    <svg
      viewBox={`${left} ${top} ${width} ${height}`}
      className="size-full"
      preserveAspectRatio="xMidYMid meet"
      aria-hidden
    >
      {document.wires.map((wire, i) => (
        <WirePath
          key={i}
          source={document.nodes[wire.from.node]}
          target={document.nodes[wire.to.node]}
          colour={colourOf(outputsOf(wire.from.node)[wire.from.port])}
          thickness={width / 320}
        />
      ))}
      {nodes.map(([id, node]) => (
        <NodeBox key={id} node={node} colour={colourOf(Object.values(outputsOf(id))[0])} thickness={width / 420} />
      ))}
    </svg>
  );
}

const colourOf = (port: Port | undefined): string => `var(--port-${port?.type ?? "file"})`;

/** What holds all nodes. */
function frameOf(nodes: readonly GraphNode[]): { left: number; top: number; width: number; height: number } {
  const xs = nodes.map((node) => node.position.x);
  const ys = nodes.map((node) => node.position.y);
  const left = Math.min(...xs) - margin;
  const top = Math.min(...ys) - margin;
  const width = Math.max(...xs) - left + box.width + margin;
  const height = Math.max(...ys) - top + box.height + margin;
  return { left, top, width, height };
}

/** From the right of one node to the left of another; nothing where one of them is missing. */
function WirePath({
  source,
  target,
  colour,
  thickness,
}: {
  source: GraphNode | undefined;
  target: GraphNode | undefined;
  colour: string;
  thickness: number;
}) {
  if (!source || !target) return null;
  const x1 = source.position.x + box.width;
  const y1 = source.position.y + box.height / 2;
  const x2 = target.position.x;
  const y2 = target.position.y + box.height / 2;
  const bend = Math.max(60, Math.abs(x2 - x1) / 2);
  return (
    <path
      d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`}
      fill="none"
      stroke={colour}
      strokeWidth={thickness}
      opacity={0.75}
    />
  );
}

function NodeBox({ node: { position }, colour, thickness }: { node: GraphNode; colour: string; thickness: number }) {
  return (
    <g>
      <rect {...position} {...box} rx={16} fill="var(--surface)" stroke="var(--line-strong)" strokeWidth={thickness} />
      <rect {...position} width={box.width} height={26} rx={13} fill={colour} opacity={0.85} />
    </g>
  );
}
