/** Which input of a node stands in for an output where the node is bypassed, and why none does. */
import type { NodeDefinition } from "../core/node";
import type { Port } from "../core/ports";

export interface StandIns {
  /** Inputs by the outputs that they stand in for. */
  ports: Record<string, string>;
  /** Why nothing stands in for an output. */
  reasons: Record<string, string>;
  /** Why the node cannot be bypassed at all, where it gives nothing. */
  reason: string;
}

/**
 * What a definition says in `bypass`; where it says nothing, for each output the only input of its type whose shape
 * unifies with its own.
 */
export function standIns(definition: NodeDefinition, params: Readonly<Record<string, unknown>>): StandIns {
  const found: StandIns = { ports: {}, reasons: {}, reason: "it gives nothing that could be passed on" };
  const inputs = Object.entries<Port>(definition.inputs);
  for (const [name, output] of Object.entries<Port>(definition.outputs)) {
    const said = definition.bypass ? definition.bypass[name] : output.shares;
    const { input, reason } =
      said === undefined && definition.bypass
        ? { reason: "its type says that nothing stands in for it" }
        : said === undefined
          ? onlyFitting(inputs, output, params)
          : { input: said };
    if (input === undefined) found.reasons[name] = reason ?? "";
    else found.ports[name] = input;
  }
  return found;
}

function onlyFitting(
  inputs: readonly (readonly [string, Port])[],
  output: Port,
  params: Readonly<Record<string, unknown>>,
): { input?: string; reason?: string } {
  const alike = inputs.filter(([, { type, many, deferred }]) => type === output.type && !many && !deferred);
  if (!alike.length) return { reason: `it is of type ${output.type}, and no input is` };
  const misfits = alike.map(([, input]) => misfit(input, output, params));
  const fitting = alike.filter((_, i) => misfits[i] === undefined);
  const [first, second] = fitting;
  if (!first) return { reason: misfits[0] };
  if (second) return { reason: `${fitting.map(([name]) => `“${name}”`).join(" and ")} could both stand in for it` };
  return { input: first[0] };
}

/** Why what comes in at a port cannot be what goes out at another; nothing where it can. */
function misfit(input: Port, output: Port, params: Readonly<Record<string, unknown>>): string | undefined {
  const [came, given] = [input.dtype ?? "float32", output.dtype ?? "float32"];
  if (input.type === "tensor" && came !== given) return `it is ${given}, and the input of its type is ${came}`;
  if ((input.packed === undefined) !== (output.packed === undefined))
    return "its rows have another number of items than those that come in";
  if (!input.shape || !output.shape) return undefined;
  const sizeOf = (size: string | number) =>
    typeof size === "string" && size.startsWith("$") ? params[size.slice(1)] : size;
  const [before, after] = [input.shape.map(sizeOf), output.shape.map(sizeOf)];
  const isOther = (size: unknown, i: number) =>
    typeof size === "number" && typeof after[i] === "number" && size !== after[i];
  if (before.length === after.length && !before.some(isOther)) return undefined;
  return `it is [${after.join(", ")}], and what comes in is [${before.join(", ")}]`;
}
