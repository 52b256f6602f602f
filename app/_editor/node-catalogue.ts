/** The node types as lists show them: by title, by what fits a wire, in their colours. */
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { definitions } from "./context";

const byTitle = definitions().sort((a, b) => a.title.localeCompare(b.title, "en"));

/** The wire that a node is asked for: the type it carries, and which of its ends is drawn already. */
export interface LooseWire {
  type: string;
  side: "source" | "target";
}

/** The types with a port that a wire can end at; all of them without a wire. */
export function fittingTo(wire: LooseWire | undefined): readonly NodeDefinition[] {
  if (!wire) return byTitle;
  const side = wire.side === "source" ? "inputs" : "outputs";
  return byTitle.filter((definition) => Object.values<Port>(definition[side]).some(({ type }) => type === wire.type));
}

/** The colour of what a node gives, or takes when it gives nothing. */
export function colourOf({ inputs, outputs }: NodeDefinition): string {
  const port = Object.values<Port>(outputs)[0] ?? Object.values<Port>(inputs)[0];
  return `var(--port-${port?.type ?? "file"})`;
}
