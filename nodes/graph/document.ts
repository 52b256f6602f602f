import * as z from "zod";
import type { DType } from "#models/onnx/graph";
import { portTypes } from "../core/ports";

/**
 * Schema 1 knew no composites; schema 2 nothing of frames, notes, constants, and nodes that are not run. A graph of
 * either is read as one that has none of them.
 */
export const schemaVersion = 3;
export const readSchemas = [1, 2, schemaVersion] as const;

/**
 * A part of a document, which may have fields that this Patchbay does not know, such as those of a newer one: they are
 * kept as they are, and mean nothing here.
 */
function part<S extends z.ZodRawShape>(shape: S): z.ZodObject<S> {
  return z.object(shape).catchall(z.json()) as unknown as z.ZodObject<S>;
}

const id = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, "an id starts with a letter and holds letters, digits, - and _");
/** Names that every object of JavaScript answers to: a node of such a name would be taken for what is behind it. */
const isReserved = (name: string): boolean => name in Object.prototype || name === "prototype";
const nodeId = id.refine((name) => !isReserved(name), "this id is a name of JavaScript itself; give the node another");
export const isNodeId = (name: string): boolean => nodeId.safeParse(name).success;
const portName = z.string().min(1).max(64);
const endpoint = z.object({ node: id, port: portName });

const position = z.object({ x: z.number(), y: z.number() });
/** It stays where it is whatever else is moved, and with it all that lies in it. */
const locked = z.literal(true).optional();
const dtypes = ["float32", "float16", "float64", "int64", "int32", "bool", "uint8"] as const satisfies DType[];
const size = z.object({ width: z.number().min(40).max(20_000), height: z.number().min(40).max(20_000) });

/** A way from an instance to what lies in it: "encoder", "inner/encoder". */
const wayInside = z
  .string()
  .max(600)
  .regex(/^[A-Za-z][\w-]*(\/[A-Za-z][\w-]*)*$/, "a way is ids between slashes");
const atMost = (count: number) => (table: object) => Object.keys(table).length <= count;

/** A result of a node that stands in for running it: see `pin.ts`. */
export const pin = z.object({
  /** When it was pinned. */
  at: z.iso.datetime(),
  /** The blob that says what the node gave. */
  ref: z.string().regex(/^[0-9a-f]{64}$/, "a pinned result is named by the sha256 of its content"),
  /** Of all that belongs to it. */
  bytes: z.int().min(0),
  /** The node's parameters when it was made. */
  params: z.record(z.string(), z.json()),
  /** What is known of each port's value; on the first axis the number of rows, or of items, that there are. */
  outputs: z.record(
    portName,
    z.object({
      type: z.enum(portTypes),
      dtype: z.enum(dtypes).optional(),
      shape: z
        .array(z.union([z.int().min(0), z.literal("*")]))
        .max(16)
        .optional(),
      /** Of packed values: how many rows have these items. */
      rows: z.int().min(0).optional(),
    }),
  ),
});
export type Pin = z.output<typeof pin>;

const nodes = z.record(
  nodeId,
  part({
    type: z.string().max(100),
    /** Version of the node type the params were saved with. */
    version: z.int().min(1).default(1),
    title: z.string().max(100).optional(),
    params: z.record(z.string(), z.json()).default({}),
    position: position.default({ x: 0, y: 0 }),
    /** A free remark shown on the canvas. */
    note: z.string().max(2000).optional(),
    /** Not run: what comes in goes out unchanged ("bypassed"), or nothing behind it is run either ("muted"). */
    off: z.enum(["bypassed", "muted"]).optional(),
    pin: pin.optional(),
    /** Of an instance: what is pinned inside of it alone. */
    pins: z.record(wayInside, pin).refine(atMost(200), "200 pinned results are the limit").optional(),
    /** Drawn as its title alone. */
    collapsed: z.literal(true).optional(),
    locked,
    /** The frame that it lies in. One that is not there means nothing. */
    frame: id.optional(),
  }),
);

/** Bends of a wire, from where it begins. They are drawn, and mean nothing to what is computed. */
const via = z.array(position).min(1).max(32).optional();

/** Colours of frames and notes; how they look is the editor's. */
export const colours = ["grey", "blue", "green", "yellow", "red", "violet"] as const;
export type Colour = (typeof colours)[number];

/** A titled area that carries the nodes, notes and frames that name it. */
export const frame = part({
  title: z.string().max(100),
  colour: z.enum(colours).optional(),
  /** Markdown. */
  text: z.string().max(5000).optional(),
  position,
  size,
  /** What lies in it is not drawn. */
  shut: z.literal(true).optional(),
  locked,
  frame: id.optional(),
});
export type Frame = z.output<typeof frame>;

/** A remark that lies on the canvas by itself. */
export const note = part({
  /** Markdown. */
  text: z.string().max(10_000),
  colour: z.enum(colours).optional(),
  position,
  size,
  locked,
  frame: id.optional(),
});
export type Note = z.output<typeof note>;

const frames = z.record(nodeId, frame).refine(atMost(500), "500 frames are the limit").optional();
const notes = z.record(nodeId, note).refine(atMost(500), "500 notes are the limit").optional();

/** A value with a name, to which parameters refer by `{"$": name}`: see `constants.ts`. */
export const constant = z.union([
  z.object({ kind: z.literal("number"), value: z.number() }),
  z.object({ kind: z.literal("text"), value: z.string().max(5000) }),
  z
    .object({
      kind: z.literal("choice"),
      value: z.string().max(200),
      choices: z.array(z.string().max(200)).min(1).max(100),
    })
    .refine(({ value, choices }) => choices.includes(value), "the value of a choice is one of its choices"),
]);
export type Constant = z.output<typeof constant>;

/** Inside of a composite, what comes in and what goes out: wires name them as if they were nodes. */
export const boundary = { inputs: "@inputs", outputs: "@outputs" } as const;
const innerWire = part({
  from: z.object({ node: z.union([id, z.literal(boundary.inputs)]), port: portName }),
  to: z.object({ node: z.union([id, z.literal(boundary.outputs)]), port: portName }),
  via,
});

const outerName = id.refine((name) => !isReserved(name), "this is a name of JavaScript itself; choose another");
/** A port of a composite; what it carries follows from what it is wired to inside. */
const outerPort = z.object({ doc: z.string().max(500).optional() });

/** A graph inside of a graph. Ports and published parameters are in the order in which they are shown. */
export const composite = part({
  title: z.string().min(1).max(100),
  description: z.string().max(2000).optional(),
  nodes,
  wires: z.array(innerWire),
  frames,
  notes,
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
 * A graph as it is saved, shared and run: nodes, wires, the composites that nodes are instances of, and what is said
 * and drawn beside them. Results live elsewhere.
 */
export const graphDocument = part({
  schema: z.literal(readSchemas).transform(() => schemaVersion),
  name: z.string().max(200).default("Untitled"),
  description: z.string().max(2000).default(""),
  /** The template that it was begun from, by its file's name. */
  template: z.string().max(100).optional(),
  nodes,
  wires: z.array(part({ from: endpoint, to: endpoint, via })),
  frames,
  notes,
  /** By name; for the whole document, composites too. */
  constants: z.record(outerName, constant).refine(atMost(200), "200 constants are the limit").optional(),
  /** By id; an instance is a node of the type "composite:ID". */
  composites: z.record(nodeId, composite).optional(),
});
export type GraphDocument = z.output<typeof graphDocument>;
export type GraphNode = GraphDocument["nodes"][string];
export type Wire = GraphDocument["wires"][number];
export type Point = z.output<typeof position>;
export type Size = z.output<typeof size>;
export type Endpoint = z.output<typeof endpoint>;

/** Bounds on what a stranger may send; nodes and wires are those inside of composites, too. */
export const limits = { bytes: 4 * 1024 * 1024, nodes: 2000, wires: 10_000, depth: 8 };

/** An endpoint as a map's key and as a graph input's name: "node.port". */
export const endpointKey = (endpoint: Endpoint): string => `${endpoint.node}.${endpoint.port}`;
