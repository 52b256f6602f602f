import type { NodeDefinition } from "#nodes/core/node";
import { PortHandle } from "./port-row";
import { portsOf } from "./ports";

/** The ports of a node that is drawn as its title alone: all of a side in one place. */
export function FoldedPorts({ id, definition }: { id: string; definition: NodeDefinition | undefined }) {
  return (["in", "out"] as const).map((side) =>
    portsOf(definition, side).map(([name, port]) => (
      <PortHandle key={side + name} node={id} name={name} port={port} side={side} top={16} />
    )),
  );
}
