/** What nodes see of packed values, and what becomes of what they give: in one place, whoever runs them. */
import type { Host } from "#nodes/core/host";
import type { NodeDefinition } from "#nodes/core/node";
import { areSameCounts, countsOf, itemCount } from "#nodes/core/packed";
import type { Port } from "#nodes/core/ports";
import type { ImageBatch, Tensor } from "#nodes/core/values";
import type { ResolvedNode } from "#nodes/graph/resolve";
import { Failure } from "../errors";

type Packed = Tensor | ImageBatch;

/** Runs a host node on what comes in at its ports. */
export async function runNode(
  { id, definition, params }: Pick<ResolvedNode, "id" | "definition" | "params">,
  inputs: Record<string, unknown>,
  host: Host,
): Promise<Record<string, unknown>> {
  const outputs = await definition.run?.({ host, inputs: itemsFor(definition, inputs), params });
  return packedAgain(id, definition, inputs, outputs as Record<string, unknown>);
}

/** What a node reads: where its port is not packed, the items by themselves. */
export function itemsFor(definition: NodeDefinition, inputs: Record<string, unknown>): Record<string, unknown> {
  const read: Record<string, unknown> = { ...inputs };
  for (const [name, port] of portsOfItems(definition)) {
    read[name] = port.many ? (inputs[name] as unknown[]).map(itemsOf) : itemsOf(inputs[name]);
  }
  return read;
}

/** The items of a packed value, each a row of its own. */
export function itemsOf<V>(value: V): V {
  if (!isPacked(value)) return value;
  const { counts: _, ...items } = value;
  return items as V;
}

/**
 * With items that no row has behind the others: models are compiled for numbers of items, and these are eight from one
 * power of two to the next. They are like the last one, or zeros where no row has any.
 */
export function filledUp(tensor: Tensor): Tensor {
  const { counts, shape, data } = tensor;
  const [items = 0, ...sizes] = shape;
  if (!counts) return tensor;
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, items))) - 3);
  const whole = Math.max(1, Math.ceil(items / step) * step);
  if (whole === items) return tensor;
  const width = sizes.reduce((product, size) => product * size, 1);
  const filled = new (data.constructor as Float32ArrayConstructor)(whole * width);
  filled.set(data as Float32Array);
  for (let item = items; items > 0 && item < whole; item++) {
    filled.copyWithin(item * width, (items - 1) * width, items * width);
  }
  return { ...tensor, shape: [whole, ...sizes], data: filled };
}

/** A model finds the items of rows by numbers that come along another wire: they must be those of the items. */
export function refuseOtherCounts(
  counts: readonly number[] | undefined,
  given: Tensor | undefined,
  name: string,
): void {
  const row = counts?.findIndex((count, i) => count !== Number(given?.data[i])) ?? -1;
  if (!counts || !given || row < 0) return;
  throw new Failure({
    message: `Row ${row + 1} has ${counts[row]} items, and ${Number(given.data[row])} by ${name}.`,
    hint: "Wire the numbers of items from the node that gave the items.",
  });
}

const isPacked = (value: unknown): value is Packed & { counts: readonly number[] } =>
  typeof value === "object" && value !== null && Array.isArray((value as Partial<Packed>).counts);

/** Ports of a batch that take each item for a row. */
const portsOfItems = (definition: NodeDefinition): [name: string, port: Port][] =>
  Object.entries<Port>(definition.inputs).filter(
    ([, { type, shape, packed }]) => (type === "image" || type === "tensor") && shape && packed === undefined,
  );

/** What a node that works row by row made of each item belongs to the rows that the items belong to. */
function packedAgain(
  node: string,
  definition: NodeDefinition,
  inputs: Record<string, unknown>,
  outputs: Record<string, unknown>,
): Record<string, unknown> {
  const counts = definition.rowwise ? countsByLetter(node, definition, inputs) : new Map();
  const given: Record<string, unknown> = { ...outputs };
  for (const [name, port] of Object.entries<Port>(definition.outputs)) {
    const value = given[name];
    const ofItems = port.packed === undefined ? counts.get(port.shape?.[0]) : undefined;
    if (ofItems && value !== undefined) given[name] = { ...(value as Packed), counts: ofItems };
    if (isPacked(given[name])) refuseOtherItems(node, name, given[name]);
  }
  return given;
}

/** How many items the rows have that come in at ports of one letter. */
function countsByLetter(node: string, definition: NodeDefinition, inputs: Record<string, unknown>) {
  const found = new Map<unknown, readonly number[]>();
  for (const [name, { shape, many }] of portsOfItems(definition)) {
    const values = (many ? (inputs[name] as unknown[]) : [inputs[name]]).filter(isPacked);
    for (const { counts } of values) {
      const known = found.get(shape?.[0]);
      if (known && !areSameCounts(known, counts))
        throw new Failure({
          node,
          port: name,
          message: `The rows of “${name}” have other numbers of items than those of another input of the node.`,
          hint: "Wire values that were made of the same pictures or tiles.",
        });
      found.set(shape?.[0], counts);
    }
  }
  return found;
}

function refuseOtherItems(node: string, port: string, value: Packed): void {
  const items = itemCount(value);
  const counted = countsOf(value).reduce((sum, count) => sum + count, 0);
  if (items === counted) return;
  throw new Failure({
    node,
    port,
    message: `“${port}” has ${items} items, and ${counted} by the number of items of each row.`,
  });
}
