/** An instance of a composite as a node type: ports, parameters and description, as its inside gives them. */
import * as z from "zod";
import { type NodeDefinition, type Params, type ParamValues, type Registry, withPorts } from "../core/node";
import type { Port, Ports } from "../core/ports";
import type { CheckMemory } from "./check-memory";
import { isNamed } from "./composite-scopes";
import { compositeNamed, compositeOf } from "./composites";
import { valueWith } from "./constants";
import type { Composite, Endpoint, GraphDocument } from "./document";
import type { Flat, Instance } from "./flatten";
import { resolveParams } from "./params";

/** What a composite looks like from outside of one of its instances. Equal insides give the same object. */
export function instanceDefinition(
  flat: Flat,
  path: string,
  registry: Registry,
  memory?: CheckMemory,
): NodeDefinition | undefined {
  const instance = flat.instances.get(path);
  const composite = instance && compositeNamed(flat.document, instance.composite);
  if (!instance || !composite) return undefined;
  const nodes = leavesOf(instance).map((id) => flat.document.nodes[id]);
  const { composites, constants } = flat.document;
  const parts = [registry, composite, composites, constants, path, ...nodes, ...instance.nodes];
  const known = memory?.instances.get(path);
  if (known?.parts.length === parts.length && known.parts.every((part, i) => part === parts[i]))
    return known.definition;
  const definition = definitionFrom({ flat, registry, instance, composite, path });
  memory?.instances.set(path, { parts, definition });
  return definition;
}

/** The definition of a node, with the ports that its parameters ask for. */
export function ownDefinition(
  node: GraphDocument["nodes"][string] | undefined,
  id: string,
  registry: Registry,
): NodeDefinition | undefined {
  const definition = node && Object.hasOwn(registry, node.type) ? registry[node.type] : undefined;
  const params = node && definition?.ports ? resolveParams(id, definition, node, []) : undefined;
  return definition && params ? withPorts(definition, params) : definition;
}

interface Seen {
  flat: Flat;
  registry: Registry;
  instance: Instance;
  composite: Composite;
  path: string;
}

function definitionFrom(seen: Seen): NodeDefinition {
  const { instance, composite } = seen;
  return {
    type: `composite:${instance.composite}`,
    title: composite.title,
    description: composite.description ?? "A composite: a graph inside of this one.",
    version: 1,
    inputs: portsOf(seen, "inputs"),
    outputs: portsOf(seen, "outputs"),
    ...paramsOf(seen),
  };
}

/** The nodes that the boundary reaches. */
function leavesOf({ inputs, outputs, params }: Instance): string[] {
  const reached = [...Object.values(inputs), ...Object.values(outputs), ...Object.values(params)].flat();
  return [...new Set(reached.map(({ node }) => node))];
}

/** A port is what it is inside; it is optional, or takes many wires, where all that it feeds does. */
function portsOf(seen: Seen, side: "inputs" | "outputs"): Ports {
  const { instance, composite } = seen;
  const ports: Ports = {};
  for (const [name, { doc }] of Object.entries(composite[side])) {
    const ends = (instance[side][name] ?? []).flatMap((endpoint) => portAt(seen, endpoint, side) ?? []);
    const [first] = ends;
    if (!first) continue;
    ports[name] = {
      ...first,
      optional: ends.every(({ optional }) => optional),
      many: ends.every(({ many }) => many),
      ...(doc === undefined ? {} : { doc }),
    };
  }
  return ports;
}

/** A port of a node inside. Sizes that its node's parameters give are written out: outside they mean nothing. */
function portAt({ flat, registry }: Seen, { node: id, port }: Endpoint, side: "inputs" | "outputs"): Port | undefined {
  const node = flat.document.nodes[id];
  const definition = ownDefinition(node, id, registry);
  const ports: Ports = definition?.[side] ?? {};
  const found = Object.hasOwn(ports, port) ? ports[port] : undefined;
  if (!node || !definition || !found?.shape) return found;
  const params: ParamValues<Params> = resolveParams(id, definition, node, []) ?? {};
  const shape = found.shape.map((size) => {
    const value = typeof size === "string" && size.startsWith("$") ? params[size.slice(1)] : size;
    return typeof value === "number" || typeof value === "string" ? value : "*";
  });
  return { ...found, shape };
}

function paramsOf(seen: Seen): Pick<NodeDefinition, "params" | "inspect"> {
  const { flat, instance, composite, registry } = seen;
  const params: Record<string, z.ZodType> = {};
  const inspect: NonNullable<NodeDefinition["inspect"]> = {};
  for (const [name, { label }] of Object.entries(composite.params)) {
    const [target] = instance.params[name] ?? [];
    const definition = target && ownDefinition(flat.document.nodes[target.node], target.node, registry);
    const schema = target && (definition?.params[target.param] as z.ZodType | undefined);
    if (!target || !schema) continue;
    params[name] = outerSchema(schema, writtenValue(flat.document, composite, name), label ?? labelOf(target.param));
    const read = definition?.inspect?.[target.param];
    if (read) inspect[name] = read;
  }
  if (holdsNames(seen)) params.scope = scopeSchema(seen);
  return { params, inspect };
}

/** The schema of an inner parameter, with the value that is written inside as its default. */
function outerSchema(schema: z.ZodType, written: unknown, label: string): z.ZodType {
  // What shows it only sometimes, or folds it away, speaks of the inner node's form.
  const { when: _when, advanced: _advanced, ...meta } = z.globalRegistry.get(schema) ?? {};
  const withDefault = written === undefined ? schema : schema.default(written as never);
  return withDefault.meta({ ...meta, label: meta.label ?? label });
}

const labelOf = (param: string): string => {
  const words = param.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** The value that a published parameter has inside of the composite, where one is written. */
function writtenValue(document: GraphDocument, composite: Composite, name: string): unknown {
  const target = Object.hasOwn(composite.params, name) ? composite.params[name]?.to[0] : undefined;
  const node = target && composite.nodes[target.node];
  if (!target || !node) return undefined;
  const written = Object.hasOwn(node.params, target.param) ? node.params[target.param] : undefined;
  if (written !== undefined) return valueWith(document.constants ?? {}, written);
  const inner = compositeOf(document, node);
  return inner && writtenValue(document, inner, target.param);
}

function holdsNames({ flat, instance, registry }: Seen): boolean {
  return instance.nodes.some((id) => isNamed(ownDefinition(flat.document.nodes[id], id, registry)));
}

/** What names of weights and of draws begin with: see `scopePrefixes`. */
function scopeSchema({ flat, path, instance }: Seen): z.ZodType {
  const fed = new Set(flat.document.wires.filter(({ to }) => to.port === "weights").map(({ to }) => to.node));
  const ownId = path.slice(path.lastIndexOf("/") + 1);
  return z
    .string()
    .max(64)
    .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
    .default(instance.nodes.some((id) => fed.has(id)) ? "" : ownId)
    .meta({
      label: "Names begin with",
      description:
        "What the names of its weights begin with in a checkpoint, and those of its random draws. Empty: as inside.",
    });
}
