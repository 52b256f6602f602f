/**
 * Pinned results: what a node gave once stands in for running it. The document names the blob that holds it, and says
 * of each port what is known of its value, so that types and shapes are checked as ever.
 */
import type { NodeDefinition } from "../core/node";
import type { Ports } from "../core/ports";
import { constantsOf, paramsWith } from "./constants";
import type { GraphDocument, GraphNode, Pin } from "./document";
import type { Problem } from "./problem";
import { rowsText } from "./row-counts";

/** The most that a pinned result may have in bytes. */
export const mostPinned = 256 * 1024 * 1024;

/** A pinned node as others meet it: it reads nothing, and gives what it gave. Equal results have equal parameters. */
export function pinnedDefinition({ outputs }: Pin, title: string): NodeDefinition {
  const ports = Object.entries(outputs).map(([name, { type, dtype, shape, rows }]): [string, Ports[string]] => {
    const [items, ...others] = shape ?? [];
    const counted = typeof items === "number" ? rowsText(items, rows === undefined ? "rows" : "items") : items;
    return [
      name,
      {
        type,
        ...(dtype ? { dtype } : {}),
        ...(counted === undefined ? {} : { shape: [counted, ...others] }),
        ...(rows === undefined ? {} : { packed: rowsText(rows, "rows") }),
      },
    ];
  });
  return {
    type: "pinned",
    title,
    description: "A result that was pinned.",
    version: 1,
    inputs: {},
    outputs: Object.fromEntries(ports),
    params: {},
    run: () => Promise.reject(new Error(`${title} is pinned, and yet it was run`)),
  };
}

/** The parameters of a node that have other values than when its result was made. */
export function editedSince({ params, pin }: GraphNode, { constants = {} }: GraphDocument): string[] {
  if (!pin) return [];
  const now = paramsWith(constants, params);
  const names = new Set([...Object.keys(now), ...Object.keys(pin.params)]);
  return [...names].filter((name) => JSON.stringify(now[name]) !== JSON.stringify(pin.params[name]));
}

export function stalePin(id: string, title: string, names: readonly string[]): Problem {
  return {
    code: "stale-pin",
    severity: "warning",
    node: id,
    message: `The kept result of ${title} is older than its parameters: ${names.join(", ")} changed since.`,
    hint: "Unpin it to run it as it is now.",
  };
}

/** What a pin says of the parameters that a node had. */
export const paramsAtPinning = (node: GraphNode, { constants = {} }: GraphDocument): Pin["params"] =>
  Object.keys(constantsOf(node.params)).length ? paramsWith(constants, node.params) : node.params;
