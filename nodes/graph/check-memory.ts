import type { NodeDefinition, ParamValues, Params } from "../core/node";
import type { GraphNode } from "./document";
import type { Problem } from "./problem";
import type { IncomingWire, NodeWires } from "./wire-types";

/** What a node's own entry in the document comes to, whatever it is wired to. Without `params` it cannot be used. */
export interface OwnPart {
  id: string;
  declared: NodeDefinition;
  version: number;
  definition: NodeDefinition;
  params: ParamValues<Params> | undefined;
  problems: readonly Problem[];
}

/** What was inferred of a node from what came in. */
export interface InferredPart {
  id: string;
  prepared: unknown;
  incoming: readonly IncomingWire[];
  wires: NodeWires;
  /** It, or something before it, has an input that is not wired yet. */
  isWaiting: boolean;
  problems: readonly Problem[];
}

/** What an instance is to whoever sees it from outside, and what that was made of. */
export interface InstanceDefinition {
  parts: readonly unknown[];
  definition: NodeDefinition;
}

/**
 * What earlier checks found, for an editor that checks on every key: a node whose parameters are the same object and
 * into which the same comes is not looked at again, and its part of the result is the same object. For documents that
 * are never changed in place.
 */
export class CheckMemory {
  /** By the parameters of a document's node. */
  readonly own = new WeakMap<GraphNode["params"], OwnPart>();
  /** By the parameters of a resolved node. */
  readonly inferred = new WeakMap<ParamValues<Params>, InferredPart>();
  /** Nodes in instances, as they are outside of them, by what is written of them inside and by their ids outside. */
  readonly flat = new WeakMap<GraphNode, Map<string, GraphNode>>();
  /** Definitions of instances, by their paths. */
  readonly instances = new Map<string, InstanceDefinition>();
}
