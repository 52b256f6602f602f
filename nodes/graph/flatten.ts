/**
 * Composites taken apart: an instance gives way to what lies in it, under ids that begin with its own. What comes out
 * is a graph of nodes and wires alone, and nothing behind it knows that there were composites.
 */
import type { CheckMemory } from "./check-memory";
import { boundProblems } from "./composite-bounds";
import { compositeIdOf, compositeNamed, separator } from "./composites";
import { constantsOf, paramsWith } from "./constants";
import { boundary, type Composite, type Endpoint, endpointKey, type GraphDocument, type GraphNode } from "./document";
import { withPinsOf } from "./instance-pins";
import { errorProblem, type Problem } from "./problem";

/** Where an instance's boundary lies in the flat graph. Every id is one of the flat graph. */
export interface Instance {
  composite: string;
  /** All nodes in it, those in instances in it too. */
  nodes: string[];
  /** The inputs that an input feeds. */
  inputs: Record<string, Endpoint[]>;
  /** The output that an output is; none, or several, where the composite is not sound. */
  outputs: Record<string, Endpoint[]>;
  /** The parameters that a published one sets. */
  params: Record<string, { node: string; param: string }[]>;
  off: GraphNode["off"];
  pin: GraphNode["pin"];
}

/** An instance that holds a node of the flat graph. */
export interface Holder {
  path: string;
  /** Its id where it lies. */
  id: string;
  /** What it says that names of its weights begin with. */
  scope: string | undefined;
}

export interface Flat {
  document: GraphDocument;
  /** By path: "tower", "tower/encoder". */
  instances: Map<string, Instance>;
  /** The instances that each node lies in, the outermost first. Nothing for a node that lies in none. */
  holders: Map<string, readonly Holder[]>;
  /** Nodes in instances that are muted. */
  muted: Set<string>;
  /** Instances that could not be taken apart, by path, and the wires that begin or end at them. */
  left: { nodes: GraphDocument["nodes"]; wires: GraphDocument["wires"] };
  /** The constants that parameters of nodes have the values of. */
  constants: Map<string, ReturnType<typeof constantsOf>>;
  problems: Problem[];
}

/** A document without composites and constants: itself where it uses none. */
export function flattened(document: GraphDocument, memory?: CheckMemory): Flat {
  const flat: Flat = {
    document,
    instances: new Map(),
    holders: new Map(),
    muted: new Set(),
    left: { nodes: {}, wires: [] },
    constants: new Map(),
    problems: [],
  };
  if (!Object.values(document.nodes).some(isToBeTakenApart)) return flat;
  const { bad, problems } = boundProblems(document);
  flat.problems.push(...problems);
  const top = new Level({ document, nodes: document.nodes, wires: document.wires, left: bad, problems: flat.problems });
  const nodes: GraphDocument["nodes"] = {};
  for (const level of top.all()) flat.problems.push(...level.portProblems());
  top.collect(nodes, flat, memory);
  const wires = top.all().flatMap((level) => level.flatWires());
  flat.document = { ...document, nodes, wires };
  if (Object.keys(flat.left.nodes).length) flat.left.wires = top.all().flatMap((level) => level.wiresLeft());
  return flat;
}

const isToBeTakenApart = ({ type, params }: GraphNode): boolean =>
  compositeIdOf(type) !== undefined || Object.keys(constantsOf(params)).length > 0;

interface LevelOptions {
  document: GraphDocument;
  nodes: GraphDocument["nodes"];
  wires: GraphDocument["wires"];
  /** Instances that cannot be taken apart, by id: they are left out. */
  left: ReadonlySet<string>;
  problems: Problem[];
  /** The instance whose inside this is. */
  instance?: { outer: Level; id: string; node: GraphNode; composite: Composite };
}

/** The graph itself, or the inside of one instance. */
class Level {
  readonly #path: string;
  readonly #children = new Map<string, Level>();
  readonly #overrides = new Map<string, GraphNode["params"]>();
  /** What is pinned in this instance alone, by the ways from it: what an outer one says counts. */
  readonly #pins: GraphNode["pins"];
  readonly #wiresFrom: Map<string, Endpoint[]>;
  readonly #wiresTo: Map<string, Endpoint[]>;
  readonly #left: Set<string>;
  readonly #holders: readonly Holder[];
  /** It lies in a muted instance. */
  readonly #isMuted: boolean;

  constructor(readonly options: LevelOptions) {
    const { nodes, wires, instance } = options;
    this.#path = instance ? `${instance.outer.#path}${instance.id}${separator}` : "";
    this.#left = new Set(options.left);
    this.#isMuted = instance !== undefined && (instance.outer.#isMuted || instance.node.off === "muted");
    this.#holders = instance ? [...instance.outer.#holders, this.#holder(instance)] : [];
    this.#pins = instance?.node.pins;
    this.#wiresFrom = ends(wires, "from", "to");
    this.#wiresTo = ends(wires, "to", "from");
    if (instance) this.#override(instance);
    for (const id of Object.keys(nodes)) this.#open(id);
  }

  /** This level and those in it, as a reader meets them. */
  all(): Level[] {
    return [this, ...[...this.#children.values()].flatMap((child) => child.all())];
  }

  /** Adds the nodes of this level and those in it to a flat graph. */
  collect(nodes: GraphDocument["nodes"], flat: Flat, memory: CheckMemory | undefined): string[] {
    const ids: string[] = [];
    for (const id of Object.keys(this.options.nodes)) {
      const child = this.#children.get(id);
      if (child) {
        const inner = child.collect(nodes, flat, memory);
        flat.instances.set(`${this.#path}${id}`, child.#asInstance(inner));
        ids.push(...inner);
        continue;
      }
      const flatId = `${this.#path}${id}`;
      if (this.#left.has(id)) {
        flat.left.nodes[flatId] = this.#nodeAt(id);
        continue;
      }
      const node = this.#nodeAt(id);
      const constants = constantsOf(node.params);
      const hasConstants = Object.keys(constants).length > 0;
      const valued = hasConstants ? this.#withValues(node) : node;
      nodes[flatId] = this.#path || hasConstants ? sameNode(valued, flatId, this.options.nodes[id], memory) : valued;
      if (hasConstants) flat.constants.set(flatId, constants);
      if (this.#isMuted) flat.muted.add(flatId);
      if (this.#holders.length) flat.holders.set(flatId, this.#holders);
      ids.push(flatId);
    }
    return ids;
  }

  /** The wires that end at nodes of this level, each from where it really comes. */
  flatWires(): GraphDocument["wires"] {
    return this.options.wires.flatMap(({ from, to }) => {
      const isInner = to.node === boundary.outputs || this.#children.has(to.node) || this.#left.has(to.node);
      if (isInner) return [];
      const target = this.#flatEndpoint(to);
      return this.#sources(from).map((source) => ({ from: source, to: target }));
    });
  }

  /** The wires that begin or end at instances of this level that are not taken apart. */
  wiresLeft(): GraphDocument["wires"] {
    return this.options.wires.flatMap(({ from, to }) => {
      const [isFrom, isTo] = [this.#left.has(from.node), this.#left.has(to.node)];
      if (!isFrom && !isTo) return [];
      const sources = isFrom ? [this.#flatEndpoint(from)] : this.#sources(from);
      const child = this.#children.get(to.node);
      const targets = child ? child.#targets(to.port) : [this.#flatEndpoint(to)];
      return sources.flatMap((source) => targets.map((target) => ({ from: source, to: target })));
    });
  }

  /** Wires to ports that a composite does not have. */
  portProblems(): Problem[] {
    return this.options.wires.flatMap(({ from, to }) => [
      ...this.#lackingPort(from, "outputs"),
      ...this.#lackingPort(to, "inputs"),
    ]);
  }

  #lackingPort(endpoint: Endpoint, side: "inputs" | "outputs"): Problem[] {
    const { instance } = this.options;
    const child = this.#children.get(endpoint.node)?.options.instance;
    const outer = endpoint.node === boundary.inputs || endpoint.node === boundary.outputs ? instance : undefined;
    const composite = child?.composite ?? outer?.composite;
    // Inside, what comes out of the boundary is what comes in from outside.
    const declared = composite && (child ? composite[side] : composite[side === "inputs" ? "outputs" : "inputs"]);
    if (!composite || !declared || Object.hasOwn(declared, endpoint.port)) return [];
    const what = declared === composite.inputs ? "input" : "output";
    const node = child ? `${this.#path}${endpoint.node}` : this.#path.slice(0, -separator.length);
    return [
      errorProblem(
        "unknown-port",
        `The composite “${composite.title}” has no ${what} “${endpoint.port}”.`,
        `It has ${Object.keys(declared).join(", ") || "none"}. Delete the wire.`,
        { node, port: endpoint.port },
      ),
    ];
  }

  #holder({ id, outer, node }: NonNullable<LevelOptions["instance"]>): Holder {
    const { scope } = this.#withValues(node).params;
    return { path: `${outer.#path}${id}`, id, scope: typeof scope === "string" ? scope : undefined };
  }

  /** Takes an instance apart. */
  #open(id: string): void {
    const { document, problems } = this.options;
    const node = this.#nodeAt(id);
    const compositeId = compositeIdOf(node.type);
    if (compositeId === undefined || this.#left.has(id)) return;
    const composite = compositeNamed(document, compositeId);
    if (!composite) {
      this.#left.add(id);
      problems.push(missingComposite(compositeId, `${this.#path}${id}`));
      return;
    }
    const { nodes, wires } = composite;
    const instance = { outer: this, id, node, composite };
    this.#children.set(id, new Level({ document, nodes, wires, left: new Set(), problems, instance }));
  }

  /** Hands the values of published parameters on. */
  #override({ node, composite, outer, id }: NonNullable<LevelOptions["instance"]>): void {
    for (const [name, value] of Object.entries(node.params)) {
      if (name === "scope") continue;
      if (!Object.hasOwn(composite.params, name)) {
        this.options.problems.push(unknownParam(composite, name, `${outer.#path}${id}`));
        continue;
      }
      for (const target of composite.params[name]?.to ?? []) {
        this.#overrides.set(target.node, { ...this.#overrides.get(target.node), [target.param]: value });
      }
    }
  }

  #withValues(node: GraphNode): GraphNode {
    return { ...node, params: paramsWith(this.options.document.constants ?? {}, node.params) };
  }

  #nodeAt(id: string): GraphNode {
    const node = withPinsOf(this.#pins, id, this.options.nodes[id] as GraphNode);
    const overrides = this.#overrides.get(id);
    return overrides ? { ...node, params: { ...node.params, ...overrides } } : node;
  }

  #flatEndpoint({ node, port }: Endpoint): Endpoint {
    return this.#path ? { node: `${this.#path}${node}`, port } : { node, port };
  }

  /**
   * Where what comes from an endpoint of this level is made; `passed` are ports on the way, which may lead in a circle.
   */
  #sources(endpoint: Endpoint, passed: readonly string[] = []): Endpoint[] {
    const { instance } = this.options;
    const place = `${this.#path}${endpointKey(endpoint)}`;
    if (passed.includes(place) || this.#left.has(endpoint.node)) return [];
    const way = [...passed, place];
    if (endpoint.node === boundary.inputs) {
      if (!instance) return [];
      const { outer, id } = instance;
      const fed = outer.#wiresTo.get(endpointKey({ node: id, port: endpoint.port })) ?? [];
      return fed.flatMap((source) => outer.#sources(source, way));
    }
    const child = this.#children.get(endpoint.node);
    if (!child) return [this.#flatEndpoint(endpoint)];
    const inner = child.#wiresTo.get(endpointKey({ node: boundary.outputs, port: endpoint.port })) ?? [];
    return inner.flatMap((source) => child.#sources(source, way));
  }

  /** The inputs of nodes that an input of this level's boundary feeds. */
  #targets(port: string): Endpoint[] {
    const inner = this.#wiresFrom.get(endpointKey({ node: boundary.inputs, port })) ?? [];
    return inner.flatMap((target) => {
      const child = this.#children.get(target.node);
      if (child) return child.#targets(target.port);
      return target.node === boundary.outputs || this.#left.has(target.node) ? [] : [this.#flatEndpoint(target)];
    });
  }

  /** The parameters of nodes that a published one sets. */
  #parameters(name: string): { node: string; param: string }[] {
    return (this.options.instance?.composite.params[name]?.to ?? []).flatMap(({ node, param }) => {
      const child = this.#children.get(node);
      return child ? child.#parameters(param) : [{ node: `${this.#path}${node}`, param }];
    });
  }

  #asInstance(nodes: string[]): Instance {
    const { inputs = {}, outputs = {}, params = {} } = this.options.instance?.composite ?? {};
    const { node } = this.options.instance ?? {};
    const made = (port: string) => this.#wiresTo.get(endpointKey({ node: boundary.outputs, port })) ?? [];
    // What an input passes on unchanged is made outside.
    const inside = (port: string) => made(port).filter((source) => source.node !== boundary.inputs);
    return {
      composite: compositeIdOf(node?.type ?? "") ?? "",
      nodes,
      inputs: table(inputs, (port) => this.#targets(port)),
      outputs: table(outputs, (port) => inside(port).flatMap((source) => this.#sources(source))),
      params: table(params, (name) => this.#parameters(name)),
      off: node?.off,
      pin: node?.pin,
    };
  }
}

const table = <T>(names: object, valueOf: (name: string) => T): Record<string, T> =>
  Object.fromEntries(Object.keys(names).map((name) => [name, valueOf(name)]));

/** The other ends of wires, by one of their ends. */
function ends(wires: GraphDocument["wires"], by: "from" | "to", other: "from" | "to"): Map<string, Endpoint[]> {
  const found = new Map<string, Endpoint[]>();
  for (const wire of wires) {
    const name = endpointKey(wire[by]);
    const known = found.get(name);
    if (known) known.push(wire[other]);
    else found.set(name, [wire[other]]);
  }
  return found;
}

/**
 * A node of the flat graph, the same object as in the last check while it is the same node with the same values: what
 * was found of it then still holds.
 */
function sameNode(node: GraphNode, flatId: string, written: GraphNode | undefined, memory?: CheckMemory): GraphNode {
  const fresh = { ...node, params: { ...node.params } };
  if (!memory || !written) return fresh;
  const known = memory.flat.get(written) ?? new Map<string, GraphNode>();
  memory.flat.set(written, known);
  const before = known.get(flatId);
  const isSame = before?.pin === fresh.pin && JSON.stringify(before?.params) === JSON.stringify(fresh.params);
  if (before && isSame) return before;
  known.set(flatId, fresh);
  return fresh;
}

function missingComposite(id: string, node: string): Problem {
  return errorProblem(
    "unknown-type",
    `The graph has no composite “${id}”.`,
    "It may have been taken out of the file. Replace or delete the node.",
    { node },
  );
}

function unknownParam({ title, params }: Composite, name: string, node: string): Problem {
  return {
    code: "bad-param",
    severity: "warning",
    node,
    param: name,
    message: `The composite “${title}” publishes no parameter “${name}”; it is ignored.`,
    hint: `It publishes ${Object.keys(params).join(", ") || "none"}.`,
  };
}
