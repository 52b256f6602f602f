"use client";

import { Handle, type NodeProps, Position, useUpdateNodeInternals } from "@xyflow/react";
import { LogIn, LogOut } from "lucide-react";
import { memo, useEffect } from "react";
import { boundary } from "#nodes/graph/document";
import { newPort } from "../canvas/verdicts";
import { useCheckedNode, useEditor } from "../context";
import { boundaryWidth } from "./geometry";
import { PortRow } from "./port-row";
import { portsOf } from "./ports";

/** A side of a composite's boundary, seen from inside: its ports, and one from which a new port is drawn. */
export const BoundaryView = memo(
  function BoundaryView({ id }: NodeProps) {
    const isInput = id === boundary.inputs;
    const frozen = useEditor((state) => state.frozen);
    const checked = useCheckedNode(id);
    const side = isInput ? "out" : "in";
    const ports = portsOf(checked?.definition, side);
    useMeasured(id, ports.map(([name]) => name).join());
    const Sign = isInput ? LogIn : LogOut;
    return (
      <div
        data-boundary={isInput ? "inputs" : "outputs"}
        className="rounded-xl border border-dashed border-line-strong bg-sunken pb-1.5"
        style={{ width: boundaryWidth }}
      >
        <p className="flex h-8 items-center gap-2 px-2.5 text-xs font-semibold text-ink-2">
          <Sign className="size-3.5 text-ink-3" aria-hidden />
          {isInput ? "Inputs" : "Outputs"}
        </p>
        {ports.map(([name, port]) => (
          <PortRow key={name} node={id} name={name} port={port} side={side} wire={checked?.wires?.[side][name]} />
        ))}
        {!frozen && <NewPort isInput={isInput} />}
      </div>
    );
  },
  (before, now) => before.id === now.id,
);

function NewPort({ isInput }: { isInput: boolean }) {
  const what = isInput ? "input" : "output";
  return (
    <div className={`relative flex h-[22px] items-center ${isInput ? "justify-end pr-3.5" : "pl-3.5"}`}>
      <Handle
        id={newPort}
        type={isInput ? "source" : "target"}
        position={isInput ? Position.Right : Position.Left}
        style={{ background: "var(--surface)", borderColor: "var(--ink-3)" }}
        aria-label={`new ${what} of the composite`}
      />
      <span className="text-2xs text-ink-3" title={`Draw a wire from here to make an ${what} of the composite`}>
        new {what}
      </span>
    </div>
  );
}

/** React Flow measures ports when a node appears; of others it must be told. */
function useMeasured(id: string, ports: string): void {
  const measure = useUpdateNodeInternals();
  // biome-ignore lint/correctness/useExhaustiveDependencies: other ports are what is to be measured
  useEffect(() => measure(id), [id, ports, measure]);
}
