/** What is asked for, or refused, at a place of the screen. */
import type { Wire } from "#nodes/graph/document";
import type { LooseEnd } from "#nodes/graph/inserting";
import type { TwoShapes } from "#nodes/graph/problem";

/**
 * Where a node is asked for: on the screen and in the graph; for the port whose wire was let go there, or for a wire.
 */
export interface AddRequest {
  x: number;
  y: number;
  at: { x: number; y: number };
  from?: LooseEnd;
  into?: Wire;
}

/** A wire that was let go on a port which does not take it. */
export interface Refusal {
  x: number;
  y: number;
  reason: string;
  /** Those that do not fit. */
  shapes?: TwoShapes;
  /** What would have been drawn: repairs are looked for. */
  wire?: Wire;
  /** The wire that was plugged anew, and stays where it was. */
  instead?: Wire;
}

/** Wires are asked for from a node, or from one of its ports. */
export interface PortRequest {
  node: string;
  port?: { name: string; side: "source" | "target" };
  x: number;
  y: number;
}
