import * as z from "zod";

/** Schema 1 knew no composites; a graph of it is read as one that has none. */
export const schemaVersion = 2;
export const readSchemas = [1, schemaVersion] as const;

const id = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, "an id starts with a letter and holds letters, digits, - and _");
/** Names that every object of JavaScript answers to: a node of such a name would be taken for what is behind it. */
const isReserved = (name: string): boolean => name in Object.prototype || name === "prototype";
const nodeId = id.refine((name) => !isReserved(name), "this id is a name of JavaScript itself; give the node another");
export const isNodeId = (name: string): boolean => nodeId.safeParse(name).success;
const portName = z.string().min(1).max(64);
const endpoint = z.object({ node: id, port: portName });

const nodes = z.record(
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
);

/** Inside of a composite, what comes in and what goes out: wires name them as if they were nodes. */
export const boundary = { inputs: "@inputs", outputs: "@outputs" } as const;
const innerWire = z.object({
  from: z.object({ node: z.union([id, z.literal(boundary.inputs)]), port: portName }),
  to: z.object({ node: z.union([id, z.literal(boundary.outputs)]), port: portName }),
});

const outerName = id.refine((name) => !isReserved(name), "this is a name of JavaScript itself; choose another");
/** A port of a composite; what it carries follows from what it is wired to inside. */
const outerPort = z.object({ doc: z.string().max(500).optional() });

/** A graph inside of a graph. Ports and published parameters are in the order in which they are shown. */
export const composite = z.object({
  title: z.string().min(1).max(100),
  description: z.string().max(2000).optional(),
  nodes,
  wires: z.array(innerWire),
  inputs: z.record(outerName, outerPort),
  outputs: z.record(outerName, outerPort),
  /** Parameters that each instance has a value of its own for, and the inner ones that get it. */
  params: z.record(
    outerName,
    z.object({
      label: z.string().max(100).optional(),
      to: z.array(z.object({ node: id, param: z.string().min(1).max(64) })).min(1),
    }),
  ),
  /** Where it was copied from: an entry of the library, and the version that was copied. */
  origin: z.object({ id: z.uuid(), version: z.int().min(1) }).optional(),
});
export type Composite = z.output<typeof composite>;

/**
 * A graph as it is saved, shared and run: nodes, wires, and the composites that nodes are instances of. Results live
 * elsewhere.
 */
export const graphDocument = z.object({
  schema: z.literal(readSchemas).transform(() => schemaVersion),
  name: z.string().max(200).default("Untitled"),
  description: z.string().max(2000).default(""),
  nodes,
  wires: z.array(z.object({ from: endpoint, to: endpoint })),
  /** By id; an instance is a node of the type "composite:ID". */
  composites: z.record(nodeId, composite).optional(),
});
export type GraphDocument = z.output<typeof graphDocument>;
export type GraphNode = GraphDocument["nodes"][string];
export type Wire = GraphDocument["wires"][number];
export type Endpoint = z.output<typeof endpoint>;

/** Bounds on what a stranger may send; nodes and wires are those inside of composites, too. */
export const limits = { bytes: 4 * 1024 * 1024, nodes: 2000, wires: 10_000, depth: 8 };

/** An endpoint as a map's key and as a graph input's name: "node.port". */
export const endpointKey = (endpoint: Endpoint): string => `${endpoint.node}.${endpoint.port}`;
