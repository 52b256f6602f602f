/** What host nodes between a fixture's inputs and the tensor nodes give, and the weights handles that nodes read. */
import type { Host } from "#nodes/core/host";
import type { Tensor, Weights } from "#nodes/core/values";
import { type Endpoint, endpointKey } from "#nodes/graph/document";
import type { ResolvedGraph, ResolvedNode } from "#nodes/graph/resolve";
import { tensorInputs } from "#server/runtime/region";

const hostPrefix = "host.";

/** What a value is called that a tensor node gives and a host node reads. */
export const readByHost = (from: Endpoint): string => `${hostPrefix}${endpointKey(from)}`;

/** The values of wires of host nodes; `given` are those of the fixture, by "node.port". */
export class HostValues {
  readonly #made = new Map<string, Promise<Record<string, unknown>>>();

  constructor(
    readonly graph: ResolvedGraph,
    readonly given: ReadonlyMap<string, Tensor>,
    readonly host: Host,
  ) {}

  /** The same where tensor nodes have given what is read of them, by `readByHost` of their wires. */
  behind(values: ReadonlyMap<string, Tensor>): HostValues {
    const read = [...values].flatMap(([name, tensor]) =>
      name.startsWith(hostPrefix) ? [[name.slice(hostPrefix.length), tensor] as const] : [],
    );
    return new HostValues(this.graph, new Map([...this.given, ...read]), this.host);
  }

  async valueOf(from: Endpoint): Promise<unknown> {
    const given = this.given.get(endpointKey(from));
    if (given) return given;
    const made = this.#made.get(from.node) ?? this.#run(from.node);
    this.#made.set(from.node, made);
    return (await made)[from.port];
  }

  /** What comes into tensor nodes from outside of them, by "node.port". */
  async tensorsInto(nodes: readonly string[]): Promise<Map<string, Tensor>> {
    const values = new Map<string, Tensor>();
    for (const from of tensorInputs(this.graph, nodes))
      values.set(endpointKey(from), (await this.valueOf(from)) as Tensor);
    return values;
  }

  async #run(id: string): Promise<Record<string, unknown>> {
    const node = this.graph.nodes.get(id) as ResolvedNode;
    const { run, inputs: ports } = node.definition;
    if (!run) throw new Error(`${id} would have to be computed before the step`);
    const inputs: Record<string, unknown> = {};
    for (const [name, sources] of Object.entries(node.inputs)) {
      const values = await Promise.all(sources.map((source) => this.valueOf(source)));
      inputs[name] = ports[name]?.many ? values : values[0];
    }
    return run({ host: this.host, inputs, params: node.params }) as Promise<Record<string, unknown>>;
  }
}

/**
 * The handles that nodes read, by endpoint: what makes or loads weights gives the fixture's checkpoint in place of its
 * own, and what lies behind that treats it as in any run.
 */
export async function fixtureHandles(
  graph: ResolvedGraph,
  checkpoint: Weights,
  host: Host,
): Promise<Map<string, Weights>> {
  const handles = new Map<string, Weights>();
  for (const { id, definition, params, inputs } of graph.nodes.values()) {
    for (const [port, { type, shares }] of Object.entries(definition.outputs as Record<string, PortOfHandle>)) {
      if (type !== "weights" || !definition.run) continue;
      const source = shares === undefined ? undefined : inputs[shares]?.[0];
      const before = source && handles.get(endpointKey(source));
      const made = before
        ? ((await definition.run({ host, inputs: { weights: before }, params })) as Record<string, Weights>)
        : { [port]: checkpoint };
      handles.set(endpointKey({ node: id, port }), made[port] as Weights);
    }
  }
  return handles;
}

interface PortOfHandle {
  type: string;
  shares?: string;
}
