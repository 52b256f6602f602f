/** What is asked for at a place of the screen: a node, or the other end of a wire. */

interface LooseEnd {
  node: string;
  port: string;
  side: "source" | "target";
}

/** Where a node is asked for: on the screen, in the graph, and the port whose wire was let go there. */
export interface AddRequest {
  x: number;
  y: number;
  at: { x: number; y: number };
  from?: LooseEnd;
}

/** Wires are asked for from a node, or from one of its ports. */
export interface PortRequest {
  node: string;
  port?: { name: string; side: "source" | "target" };
  x: number;
  y: number;
}
