/** What the names of weights inside of instances begin with. */
import type { NodeDefinition, Registry } from "../core/node";
import type { Port } from "../core/ports";
import { separator } from "./composites";
import type { Endpoint, GraphDocument } from "./document";
import { endpointKey } from "./document";
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
    const origin = handles.originOf({ node: id, port: "weights" });
    const parts = origin ? ofHandle(around, holders.get(origin) ?? [], handles.trains(origin)) : around.map(ownScope);
    const prefix = parts.flatMap((part) => (part ? [part, separator] : [])).join("");
    if (prefix) prefixes.set(id, prefix);
  }
  return prefixes;
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
    const inputs: Record<string, Port> = this.#definitionOf(id)?.inputs ?? {};
    return Object.values(inputs).some(({ deferred }) => deferred === "gradient");
  }

  #definitionOf(id: string): NodeDefinition | undefined {
    const type = this.document.nodes[id]?.type ?? "";
    return Object.hasOwn(this.registry, type) ? this.registry[type] : undefined;
  }
}
