import type { Port, WireType } from "../core/ports";
import type { Endpoint } from "./document";

/** What is known of a node's wires, by port, before anything runs. */
export interface NodeWires {
  in: Record<string, WireType>;
  out: Record<string, WireType>;
}

/** A wire that reaches a node: the input, and what is known of what comes along. */
export interface IncomingWire {
  name: string;
  port: Port;
  wire: WireType;
  /** What gives it cannot be resolved, which is told there. */
  isMissing: boolean;
  /** What gives it, or something before that, has an input that is not wired yet. */
  isWaiting: boolean;
  source: Endpoint;
}
