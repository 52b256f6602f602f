/** What the names of weights, and of random draws, inside of instances begin with. */
import type { NodeDefinition, Registry } from "../core/node";
import type { Port } from "../core/ports";
import { type Endpoint, endpointKey, type GraphDocument } from "./document";
import type { Flat, Holder } from "./flatten";

/**
 * The prefixes by node of the flat graph. Fresh weights begin with the scope of each instance that holds them: its id,
 * or what it says instead. Weights of a handle are called what the handle calls them: nothing is put before a name but
 * the scope that an instance states; and where a training inside of the same instance gives the handle, what it trained
 * begins with that instance's scope.
 */
export function scopePrefixes({ document, holders }: Flat, registry: Registry): Map<string, string> {
  const prefixes = new Map<string, string>();
  if (!holders.size) return prefixes;
  const handles = new Handles(document, registry);
  for (const [id, around] of holders) {
    if (!isNamed(definitionIn(registry, document.nodes[id]?.type))) continue;
    const origin = handles.originOf({ node: id, port: "weights" });
    const parts = origin ? ofHandle(around, holders.get(origin) ?? [], handles.trains(origin)) : around.map(ownScope);
    const prefix = parts.map((part) => part && `${part}.`).join("");
    if (prefix) prefixes.set(id, prefix);
  }
  return prefixes;
}

/** Whether a node makes parameters, which are named under its scope. */
export const hasWeights = (definition: NodeDefinition | undefined): boolean =>
  definition?.build !== undefined && "scope" in definition.params;

/** Whether a node makes something under a name: parameters, or random draws. */
export const isNamed = (definition: NodeDefinition | undefined): boolean =>
  hasWeights(definition) || definition?.random === true;

const definitionIn = (registry: Registry, type = ""): NodeDefinition | undefined =>
  Object.hasOwn(registry, type) ? registry[type] : undefined;

/** Whether what a node of a type reads is differentiated: what its weights are called, it was told. */
export function trainsSomething(type: string | undefined, registry: Registry): boolean {
  return Object.values<Port>(definitionIn(registry, type)?.inputs ?? {}).some(
    ({ deferred }) => deferred === "gradient",
  );
}

const ownScope = ({ scope, id }: Holder): string => scope ?? id;

function ofHandle(around: readonly Holder[], aroundOrigin: readonly Holder[], isTraining: boolean): string[] {
  return around.map((holder, depth) => {
    const isShared = aroundOrigin[depth]?.path === holder.path;
    if (!isShared) return holder.scope ?? "";
    return isTraining ? ownScope(holder) : "";
  });
}

/** Weights handles of a flat graph, followed to the node that they come from. */
class Handles {
  readonly #sources = new Map<string, Endpoint>();

  constructor(
    readonly document: GraphDocument,
    readonly registry: Registry,
  ) {
    for (const { from, to } of document.wires) this.#sources.set(endpointKey(to), from);
  }

  /** The node whose handle comes in, before all that only treats its tensors otherwise. */
  originOf(input: Endpoint): string | undefined {
    const passed = new Set<string>();
    let source = this.#sources.get(endpointKey(input));
    while (source && !passed.has(source.node)) {
      passed.add(source.node);
      const via: string | undefined = this.#definitionOf(source.node)?.outputs[source.port]?.shares;
      const before = via === undefined ? undefined : this.#sources.get(endpointKey({ node: source.node, port: via }));
      if (!before) return source.node;
      source = before;
    }
    return source?.node;
  }

  trains(id: string): boolean {
    return trainsSomething(this.document.nodes[id]?.type, this.registry);
  }

  #definitionOf(id: string): NodeDefinition | undefined {
    return definitionIn(this.registry, this.document.nodes[id]?.type);
  }
}
