import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";

export type Side = "in" | "out";

export function portsOf(definition: NodeDefinition | undefined, side: Side): [string, Port][] {
  return Object.entries<Port>((side === "in" ? definition?.inputs : definition?.outputs) ?? {});
}

/** The colour of what a node gives, or of what it takes where it gives nothing. */
export function colourOf(definition: NodeDefinition | undefined): string {
  const [port] = [...portsOf(definition, "out"), ...portsOf(definition, "in")];
  return `var(--port-${port?.[1].type ?? "file"})`;
}
