import { readTemplate } from "#server/templates";
import type { GraphDocument } from "#nodes/graph/document";
import { registry } from "#nodes/registry.gen";
import { definitionOf } from "#nodes/graph/resolve";
import type { Port } from "#nodes/core/ports";

const box = { w: 190, h: 92 };

/** A template's card picture: its graph, drawn small, in the colours of its wires. Always what the template is. */
export async function TemplatePicture({ id }: { id: string }) {
  const document = await readTemplate(id);
  return document ? <GraphPicture document={document} /> : null;
}

export function GraphPicture({ document }: { document: GraphDocument }) {
  const nodes = Object.entries(document.nodes);
  const xs = nodes.map(([, n]) => n.position.x);
  const ys = nodes.map(([, n]) => n.position.y);
  if (!nodes.length) return <div className="flex h-full items-center justify-center text-ink-3">Empty graph</div>;
  const left = Math.min(...xs) - 60;
  const top = Math.min(...ys) - 60;
  const width = Math.max(...xs) - left + box.w + 60;
  const height = Math.max(...ys) - top + box.h + 60;
  const outputs = (id: string): Record<string, Port> => definitionOf(document, id, registry)?.outputs ?? {};
  return (
    <svg
      viewBox={`${left} ${top} ${width} ${height}`}
      className="size-full"
      preserveAspectRatio="xMidYMid meet"
      aria-hidden
    >
      {document.wires.map((w) => {
        const a = document.nodes[w.from.node];
        const b = document.nodes[w.to.node];
        if (!a || !b) return null;
        const x1 = a.position.x + box.w;
        const y1 = a.position.y + box.h / 2;
        const x2 = b.position.x;
        const y2 = b.position.y + box.h / 2;
        const bend = Math.max(60, Math.abs(x2 - x1) / 2);
        const type = outputs(w.from.node)[w.from.port]?.type ?? "file";
        return (
          <path
            key={`${w.from.node}.${w.from.port}-${w.to.node}.${w.to.port}`}
            d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`}
            fill="none"
            stroke={`var(--port-${type})`}
            strokeWidth={width / 320}
            opacity={0.75}
          />
        );
      })}
      {nodes.map(([id, n]) => (
        <g key={id}>
          <rect
            x={n.position.x}
            y={n.position.y}
            width={box.w}
            height={box.h}
            rx={16}
            fill="var(--surface)"
            stroke="var(--line-strong)"
            strokeWidth={width / 420}
          />
          <rect
            x={n.position.x}
            y={n.position.y}
            width={box.w}
            height={26}
            rx={13}
            fill={`var(--port-${Object.values(outputs(id))[0]?.type ?? "file"})`}
            opacity={0.85}
          />
        </g>
      ))}
    </svg>
  );
}
