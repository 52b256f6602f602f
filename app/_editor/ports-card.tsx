import { createPortal } from "react-dom";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { cx } from "../_ui/cx";
import { shapeText } from "./shape-text";

/** What a card stands beside, in the window's pixels. */
export type Beside = Pick<DOMRect, "left" | "right" | "top" | "bottom">;

interface PortsCardProps {
  id?: string;
  definition: NodeDefinition;
  beside: Beside;
}

const width = 300;
const gap = 8;

/** What a node does, takes and gives, before it is on the canvas. */
export function PortsCard({ id, definition, beside }: PortsCardProps) {
  const { type, title, description, inputs, outputs, ports } = definition;
  const isRoomBehind = beside.right + gap + width < window.innerWidth;
  const left = isRoomBehind ? beside.right + gap : Math.max(gap, beside.left - gap - width);
  // It grows away from the nearer edge of the window.
  const isLow = beside.top > window.innerHeight / 2;
  const height = isLow ? { bottom: window.innerHeight - beside.bottom } : { top: beside.top };
  return createPortal(
    <div
      id={id}
      role="tooltip"
      data-ports-card={type}
      className={cx(
        "pointer-events-none fixed z-50 flex flex-col gap-2 rounded-xl border border-line-strong bg-raised p-3",
        "shadow-2xl",
      )}
      style={{ left, width, ...height }}
    >
      <p>
        <b className="font-semibold">{title}</b> <code className="text-2xs text-ink-3">{type}</code>
      </p>
      <p className="text-xs text-ink-2">{description}</p>
      <PortList title="Takes" ports={inputs} />
      <PortList title="Gives" ports={outputs} />
      {ports && <p className="text-2xs text-ink-3">Its ports follow from its parameters.</p>}
    </div>,
    document.body,
  );
}

function PortList({ title, ports }: { title: string; ports: Readonly<Record<string, Port>> }) {
  const rows = Object.entries(ports);
  if (!rows.length) return null;
  return (
    <div>
      <p className="label">{title}</p>
      <ul>
        {rows.map(([name, port]) => (
          <li key={name} className="flex items-baseline gap-1.5 text-xs">
            <span
              className="size-2 shrink-0 self-center rounded-full"
              style={{ background: `var(--port-${port.type})` }}
            />
            <span className="shrink-0">{name}</span>
            <span className="min-w-0 text-2xs text-ink-3">{kindOf(port)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** "tensor [N, D] float32, optional" */
function kindOf(port: Port): string {
  const kind = [port.type, shapeText(port)].filter(Boolean).join(" ");
  return [kind, port.optional && "optional", port.many && "any number"].filter(Boolean).join(", ");
}
