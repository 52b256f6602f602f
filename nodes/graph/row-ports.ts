/** Which inputs of a host node come in rows, as its definition says. */
import type { NodeDefinition } from "../core/node";
import type { Port } from "../core/ports";
import { anySize, rowsOfWire } from "./bindings";

/** The inputs whose rows a node folds, or of whose rows it makes its own: the same rows of each. Others come whole. */
export function rowPorts(definition: NodeDefinition): string[] {
  if (definition.reduce) return [...definition.reduce.rows];
  if (!definition.rowwise) return [];
  const ports = Object.entries<Port>(definition.inputs).filter(([, port]) => port.shape && !port.deferred);
  const rows = rowsOfWire(ports[0]?.[1] ?? {});
  if (rows === undefined || rows === anySize) return [];
  const givesRows = Object.values<Port>(definition.outputs).every((port) => rowsOfWire(port) === rows);
  return givesRows ? ports.filter(([, port]) => rowsOfWire(port) === rows).map(([name]) => name) : [];
}

/** The inputs that may come in chunks of any rows, with the same results. */
export function rowInputs(definition: NodeDefinition): string[] {
  return !definition.reduce && definition.perBatch ? [] : chunkedInputs(definition);
}

/**
 * The inputs that may come in chunks of any rows, once it is known what sizes all of them have in common: those of
 * nodes too whose results follow from which rows meet.
 */
export function chunkedInputs(definition: NodeDefinition): string[] {
  const { reduce, effect, allRows } = definition;
  const needsMore = !reduce && (effect || allRows !== undefined);
  return needsMore ? [] : rowPorts(definition);
}
