/** What makes a wire fit that does not: another port of the same nodes, or nodes between, tried by the real check. */
import type { NodeDefinition } from "../core/node";
import type { Port } from "../core/ports";
import { registry as everyNode } from "../registry.gen";
import { canConnect, check } from "./check";
import { isBoundary } from "./composites";
import type { Endpoint, GraphDocument, GraphNode, Wire } from "./document";
import { addNode, connect, disconnect, setParam } from "./edits";
import {
  type Change,
  changed,
  definitionIn,
  levelOf,
  portsIn,
  reasonAgainstChange,
  type Site,
  typeFrom,
  typeInto,
} from "./site";

export interface Repair {
  /** What it does, for a button: "Insert Projector (width 512)". */
  title: string;
  /** Applies it to the graph that is edited. */
  change: Change;
}

/** A node that turns one thing into another; `sized` are the parameters that say how large that is. */
interface Adapter {
  type: string;
  sized?: readonly string[];
}

/** In the order in which they are tried: what changes least comes first. */
const adapters: readonly Adapter[] = [
  { type: "image.resize", sized: ["width", "height"] },
  { type: "image.normalize" },
  { type: "model.pool-tokens" },
  { type: "model.projector", sized: ["width"] },
  { type: "text.tokenize", sized: ["length"] },
  { type: "text.label-ids" },
  { type: "model.l2-normalize" },
];

/** Repairs that are offered, checks that are made for them, and sizes that are tried, at most. */
const most = { repairs: 3, trials: 80, sizes: 6 };
const largestSize = 16_384;

/**
 * Ways to wire what a refused wire would have, best first; none where nothing known helps. With `instead`, that wire
 * goes: it was plugged anew.
 */
export function repairsOf(site: Site, wire: Wire, instead?: Wire): Repair[] {
  if (instead) {
    const without = (level: GraphDocument) => disconnect(level, [instead]);
    const repairs = repairsOf(changed(site, without), wire);
    return repairs.map(({ title, change }) => ({ title, change: (level) => change(without(level)) }));
  }
  if (wire.from.node === wire.to.node || closesCircle(levelOf(site), wire)) return [];
  const others = otherPorts(site, wire);
  return [...others, ...nodesBetween(site, wire)].slice(0, most.repairs);
}

function closesCircle({ wires }: GraphDocument, { from, to }: Wire): boolean {
  const behind = new Set([to.node]);
  for (let size = 0; size !== behind.size; ) {
    size = behind.size;
    for (const wire of wires) if (behind.has(wire.from.node)) behind.add(wire.to.node);
  }
  return behind.has(from.node);
}

/** Ports of the same two nodes that do fit: of a composite, what was meant may be called otherwise. */
function otherPorts(site: Site, wire: Wire): Repair[] {
  const { wires } = levelOf(site);
  const isTaken = (end: Endpoint) => wires.some(({ to }) => to.node === end.node && to.port === end.port);
  const inputs = portsIn(site, wire.to.node, "inputs").flatMap(([port, { many, type }]) => {
    const to = { node: wire.to.node, port };
    const isOpen = port !== wire.to.port && type === typeFrom(site, wire.from) && (many || !isTaken(to));
    return isOpen ? [{ title: `Wire it to “${port}” instead`, fresh: { from: wire.from, to } }] : [];
  });
  const outputs = portsIn(site, wire.from.node, "outputs").flatMap(([port, { type }]) => {
    const isOther = port !== wire.from.port && type === typeInto(site, wire.to);
    const from = { node: wire.from.node, port };
    return isOther ? [{ title: `Take “${port}” instead`, fresh: { from, to: wire.to } }] : [];
  });
  return [...inputs, ...outputs]
    .filter(({ fresh }) => canConnect(site.document, fresh, site.registry, site.memory, site.composite) === null)
    .map(({ title, fresh }) => ({ title, change: (level) => connect(level, fresh) }));
}

/** One node between, or two of them where one alone does not help. */
function nodesBetween(site: Site, wire: Wire): Repair[] {
  const types = { from: typeFrom(site, wire.from), to: typeInto(site, wire.to) };
  if (types.from === undefined || types.to === undefined) return [];
  const sizes = sizesAt(site, wire.to);
  const budget = { left: most.trials };
  const single = chainsOf(site, 1, types.from, types.to).flatMap((chain) => repairBy(site, wire, chain, sizes, budget));
  if (single.length) return single;
  return chainsOf(site, 2, types.from, types.to).flatMap((chain) => repairBy(site, wire, chain, sizes, budget));
}

interface Link extends Adapter {
  definition: NodeDefinition;
  input: string;
  output: string;
}

/** Adapters one behind the other that lead from one type to another. */
function chainsOf(site: Site, length: number, from: string, to: string): Link[][] {
  const links = adapters.flatMap((adapter) => linkOf(site, adapter));
  return links.flatMap((link) => {
    const taken = link.definition.inputs[link.input]?.type;
    const given = link.definition.outputs[link.output]?.type;
    if (taken !== from || given === undefined) return [];
    if (length === 1) return given === to ? [[link]] : [];
    const rest = chainsOf(site, length - 1, given, to).filter(([next]) => next?.type !== link.type);
    return rest.map((others) => [link, ...others]);
  });
}

/** An adapter with its first ports, which are those that it is for. */
function linkOf({ registry = everyNode }: Site, adapter: Adapter): Link[] {
  const definition = Object.hasOwn(registry, adapter.type) ? registry[adapter.type] : undefined;
  const input = Object.keys(definition?.inputs ?? {})[0];
  const output = Object.keys(definition?.outputs ?? {})[0];
  return definition && input && output ? [{ ...adapter, definition, input, output }] : [];
}

/** The first choice of sizes with which a chain fits. */
function repairBy(
  site: Site,
  wire: Wire,
  chain: readonly Link[],
  sizes: readonly number[],
  budget: { left: number },
): Repair[] {
  const choices = chain.some(({ sized }) => sized) ? [undefined, ...sizes] : [undefined];
  for (const size of choices) {
    if (budget.left-- <= 0) return [];
    const change = chainChange(wire, chain, size);
    if (reasonAgainstChange(site, change) === null) return [{ title: titleOf(chain, size), change }];
  }
  return [];
}

function titleOf(chain: readonly Link[], size: number | undefined): string {
  const named = chain.map(({ definition, sized }) =>
    sized && size !== undefined ? `${definition.title} (${sized.join(" and ")} ${size})` : definition.title,
  );
  return `Insert ${named.join(" and ")}`;
}

/** The adapters between the ends of the wire, evenly spaced; what else they need is wired where there is one of it. */
function chainChange(wire: Wire, chain: readonly Link[], size: number | undefined): Change {
  return (level) => {
    const places = placesBetween(level, wire, chain.length);
    let now = level;
    let from = wire.from;
    for (const [i, { type, definition, input, output, sized }] of chain.entries()) {
      const added = addNode(now, type, places[i] ?? { x: 0, y: 0 });
      now = (size === undefined ? [] : (sized ?? [])).reduce(
        (each, param) => setParam(each, added.id, param, size),
        added.document,
      );
      // Two nodes with weights of one name would be one.
      if ("scope" in definition.params) now = setParam(now, added.id, "scope", added.id);
      now = connect(now, { from, to: { node: added.id, port: input } });
      now = withTokenizer(now, added.id, definition);
      from = { node: added.id, port: output };
    }
    return connect(now, { from, to: wire.to });
  };
}

function placesBetween({ nodes }: GraphDocument, { from, to }: Wire, count: number): GraphNode["position"][] {
  const start = nodes[from.node]?.position ?? nodes[to.node]?.position ?? { x: 0, y: 0 };
  const end = nodes[to.node]?.position ?? start;
  return Array.from({ length: count }, (_, i) => {
    const share = (i + 1) / (count + 1);
    return { x: start.x + (end.x - start.x) * share, y: start.y + (end.y - start.y) * share };
  });
}

/** The graph's tokenizer, where it has one alone. */
function withTokenizer(level: GraphDocument, node: string, { inputs }: NodeDefinition): GraphDocument {
  const port = Object.keys(inputs).find((name) => (inputs as Record<string, Port>)[name]?.type === "tokenizer");
  if (port === undefined) return level;
  const sources = level.wires.filter(({ from }) => from.port === "tokenizer").map(({ from }) => from);
  const makers = Object.keys(level.nodes).filter((id) => /tokenizer$/.test(level.nodes[id]?.type ?? ""));
  const from = sources[0] ?? (makers[0] === undefined ? undefined : { node: makers[0], port: "tokenizer" });
  return from ? connect(level, { from, to: { node, port } }) : level;
}

/** The sizes that a node may want: of the port itself, of what else comes into it, of its parameters. */
function sizesAt(site: Site, to: Endpoint): number[] {
  if (isBoundary(to)) return [];
  const { types } = check(site.document, site.registry, site.memory);
  const own = definitionIn(site, to.node)?.inputs[to.port]?.shape ?? [];
  const met = types[to.node];
  const others = Object.values(met?.in ?? {}).flatMap(({ shape }) => shape ?? []);
  const given = Object.values(met?.out ?? {}).flatMap(({ shape }) => shape ?? []);
  const params = Object.values(levelOf(site).nodes[to.node]?.params ?? {});
  const defaults = Object.values(definitionIn(site, to.node)?.params ?? {}).flatMap(
    (param) => (param as { def?: { defaultValue?: unknown } }).def?.defaultValue ?? [],
  );
  const numbers = [...own, ...others, ...params, ...given, ...defaults].filter(isSize);
  return [...new Set(numbers)].slice(0, most.sizes);
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 1 && value <= largestSize;
}
