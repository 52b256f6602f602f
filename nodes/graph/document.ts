import * as z from "zod";

export const schemaVersion = 1;

const id = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, "an id starts with a letter and holds letters, digits, - and _");
/** Names that every object of JavaScript answers to: a node of such a name would be taken for what is behind it. */
const isReserved = (name: string): boolean => name in Object.prototype || name === "prototype";
const nodeId = id.refine((name) => !isReserved(name), "this id is a name of JavaScript itself; give the node another");
export const isNodeId = (name: string): boolean => nodeId.safeParse(name).success;
const endpoint = z.object({ node: id, port: z.string().min(1).max(64) });

/** A graph as it is saved, shared and run: nodes and wires, nothing else. Results live elsewhere. */
export const graphDocument = z.object({
  schema: z.literal(schemaVersion),
  name: z.string().max(200).default("Untitled"),
  description: z.string().max(2000).default(""),
  nodes: z.record(
    nodeId,
    z.object({
      type: z.string().max(100),
      /** Version of the node type the params were saved with. */
      version: z.int().min(1).default(1),
      title: z.string().max(100).optional(),
      params: z.record(z.string(), z.json()).default({}),
      position: z.object({ x: z.number(), y: z.number() }).default({ x: 0, y: 0 }),
      /** A free remark shown on the canvas. */
      note: z.string().max(2000).optional(),
    }),
  ),
  wires: z.array(z.object({ from: endpoint, to: endpoint })),
});
export type GraphDocument = z.output<typeof graphDocument>;
export type GraphNode = GraphDocument["nodes"][string];
export type Wire = GraphDocument["wires"][number];
export type Endpoint = z.output<typeof endpoint>;

/** Bounds on what a stranger may send. */
export const limits = { bytes: 4 * 1024 * 1024, nodes: 2000, wires: 10_000 };
