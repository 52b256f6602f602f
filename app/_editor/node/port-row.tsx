import { Handle, Position } from "@xyflow/react";
import type { CSSProperties } from "react";
import type { Port, WireType } from "#nodes/core/ports";
import { shapeText } from "../shape-text";
import type { Side } from "./ports";
import { useWiringAllowed } from "./wiring";

interface PortHandleProps {
  node: string;
  name: string;
  port: Port;
  side: Side;
  /** It waits for a wire. */
  isHollow?: boolean;
  /** Distance of its middle from the upper edge of the node, where its row does not say it. */
  top?: number;
}

/** What a wire is drawn from or to. */
export function PortHandle({ node, name, port, side, isHollow, top }: PortHandleProps) {
  const isInput = side === "in";
  const isConnectable = useWiringAllowed();
  return (
    <Handle
      id={name}
      type={isInput ? "target" : "source"}
      position={isInput ? Position.Left : Position.Right}
      isConnectable={isConnectable}
      // With Shift a drag from a port moves wires, and does not choose.
      className="nokey"
      style={{ ...lookOf(port, isHollow), top }}
      role="img"
      aria-label={portLabel(node, name, side)}
    />
  );
}

function lookOf({ type }: Port, isHollow: boolean | undefined): CSSProperties {
  const colour = `var(--port-${type})`;
  return isHollow ? { background: "var(--surface)", borderColor: colour } : { background: colour };
}

export function portLabel(node: string, name: string, side: Side): string {
  return `${side === "in" ? "input" : "output"} ${node}.${name}`;
}

/** A port with its name. `wire` is what is known of the wire on it. */
export function PortRow({ wire, ...rest }: PortHandleProps & { wire?: WireType }) {
  const { name, port, side } = rest;
  const isInput = side === "in";
  const title = [`${name}: ${port.type} ${shapeText(wire ?? port)}`, port.doc].filter(Boolean).join("\n");
  return (
    <div className={`relative flex h-[22px] items-center ${isInput ? "pr-2 pl-3.5" : "justify-end pr-3.5 pl-2"}`}>
      <PortHandle {...rest} />
      <span className={`flex min-w-0 text-xs ${isInput && port.optional ? "text-ink-3" : "text-ink-2"}`} title={title}>
        <PortName name={name} />
      </span>
    </div>
  );
}

/** So many letters at the end of a name that is cut are always shown. */
const shownEnd = 14;

/** A name that is too long gives way in its middle: names of a model's ports begin alike. */
function PortName({ name }: { name: string }) {
  if (name.length < 24) return <span className="truncate">{name}</span>;
  return (
    <>
      <span className="truncate">{name.slice(0, -shownEnd)}</span>
      <span className="shrink-0">{name.slice(-shownEnd)}</span>
    </>
  );
}
