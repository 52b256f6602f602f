import type { Dim, DType, Shape, Value } from "#models/onnx/graph";
import type { Deferred, PortType, PortValue } from "./values";

/**
 * A port. `shape` is symbolic: a number is fixed, a capital letter binds per node ("B" on two ports is one size),
 * "$name" is the value of the node's parameter `name`, and "*" differs from item to item.
 * The first axis of every wire is its batch: text is [B], images are [B, H, W], tensors anything.
 */
export interface Port<T extends PortType = PortType> extends PortOptions {
  type: T;
}
interface PortOptions {
  doc?: string;
  /** What a number counts, shown behind it. */
  unit?: string;
  shape?: Shape;
  /**
   * Of tensors and images: a row may have any number of items. The first axis of the shape counts items, and this
   * letter the rows, so that shape ["P", 3, 384, 384] with packed "N" is P tiles of N rows. A value whose rows have one
   * item each comes in too, without `counts`; what goes out has them always.
   */
  packed?: string;
  dtype?: DType;
  /**
   * Of tensors whose numbers pick among something: among how many, as a size of a shape says it. What was laid out for
   * tiles of 729 features does not go with tiles of 576.
   */
  picks?: Dim;
  /** What to do where what comes in does not fit. */
  misfit?: string;
  /**
   * Of an input: the node runs without it. Of a tensor node's output: it is computed where something reads it alone.
   */
  optional?: boolean;
  /** Takes any number of wires; the value is an array. */
  many?: boolean;
  /**
   * The value is not computed: what lies upstream is handed over as a `Deferred`, for its "value" as weights change,
   * or to be differentiated for its "gradient". With "structure" not even the data that it reads is computed; for
   * "generation" the decoders upstream are handed over, with what lies before them computed.
   */
  deferred?: "value" | "gradient" | "structure" | "generation";
  /** On a weights output: the input whose tensors these still are, only treated otherwise. */
  shares?: string;
}
export type Ports = Record<string, Port>;

const portOf =
  <T extends PortType>(type: T) =>
  <const E extends PortOptions = {}>(extra?: E): { type: T } & E =>
    ({ type, ...extra }) as { type: T } & E;

export const port = {
  image: portOf("image"),
  text: portOf("text"),
  tensor: portOf("tensor"),
  number: portOf("number"),
  weights: portOf("weights"),
  tokenizer: portOf("tokenizer"),
  series: portOf("series"),
  ranking: portOf("ranking"),
  matrix: portOf("matrix"),
  gallery: portOf("gallery"),
  file: portOf("file"),
  view: portOf("view"),
} satisfies { [T in PortType]: unknown };

export const portTypes = Object.keys(port) as [PortType, ...PortType[]];

type Wrapped<P extends Port, V> = P extends { many: true } ? V[] : P extends { optional: true } ? V | undefined : V;
type HostValue<P extends Port> = Wrapped<P, P extends { deferred: string } ? Deferred : PortValue[P["type"]]>;

/** What `run` receives and returns. */
export type HostValues<P extends Ports> = { [K in keyof P]: HostValue<P[K]> };
/** What `build` receives and returns: symbolic values for tensors; other ports (weights) do not appear. */
export type GraphValues<P extends Ports> = {
  [K in keyof P as P[K]["type"] extends "tensor" ? K : never]: Wrapped<P[K], Value>;
};

/** What is known of a wire before anything runs. */
export interface WireType {
  type: PortType;
  dtype?: DType;
  shape?: Shape;
  /** Where the first axis counts items of rows: what counts the rows. */
  packed?: Dim;
  /** Among how many its numbers pick. */
  picks?: Dim;
}
