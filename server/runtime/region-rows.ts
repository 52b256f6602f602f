/** How a region's model follows rows: which axes count them, or the items that rows have, and how they are cut. */
import { availableParallelism } from "node:os";
import type { Graph, Value } from "#models/onnx/graph";
import { chunkedRows } from "#models/onnx/rows";
import { areSameCounts, startsOf } from "#nodes/core/packed";
import type { Tensor } from "#nodes/core/values";
import { anySize } from "#nodes/graph/bindings";
import type { Endpoint } from "#nodes/graph/document";
import type { Types } from "#nodes/graph/infer";
import { Failure } from "../errors";
import { itemsOf, refuseOtherCounts } from "./packed";
import { rowsOf, widthOf } from "./values";

/**
 * Rows per call of a model that works row by row: enough to keep the cores busy, few enough that what lies between two
 * ops stays in their caches, and to tell and stop in between. Measured with a ViT-S/16, whose widest row has 1.2 MB:
 * 97 ms of work a row in calls of 4, 107 in calls of 16, 120 in calls of 64.
 */
const callRows = 64;
const callBytes = 2.5 * 2 ** 20 * availableParallelism();

/** A model, with its inputs in the order of the graph's. */
export type FedGraph = { graph: Graph; feeds: readonly { name: string }[] };

/** The symbols of the first axes of what comes in. */
export interface RowSymbols {
  /** How long the axes will be. */
  sizes: ReadonlyMap<string, number>;
  /** Of those that count items: the symbol that counts their rows. */
  rowsOfItems: ReadonlyMap<string, string>;
}

/** What counts the items that come along a packed wire, in models that are built of it. */
export function itemsSymbol(types: Types, { node, port }: Endpoint): string {
  const [items] = types[node]?.out[port]?.shape ?? [];
  return typeof items === "string" && items !== anySize ? items : `items of ${node}.${port}`;
}

/** Along what a model may be fed in pieces. */
interface Layout {
  /** What counts the rows; where all that comes in are items, these. */
  rows: string;
  /** What counts the items that rows have beside. */
  items: readonly string[];
  /** The inputs by which rows find their items. */
  counts: readonly { items: string; counts: string }[];
}

export function layoutOf({ graph }: Pick<FedGraph, "graph">, { sizes, rowsOfItems }: RowSymbols): Layout | undefined {
  for (const rows of [...rowsOfItems.keys(), ...sizes.keys()]) {
    const items = [...rowsOfItems].flatMap(([symbol, ofRows]) => (ofRows === rows ? [symbol] : []));
    const counts = chunkedRows(graph, rows, items);
    if (counts) return { rows, items, counts };
  }
  return undefined;
}

/** One call's share of what comes in. */
interface Piece {
  /** By symbol: from which row or item, up to which. */
  ranges: ReadonlyMap<string, readonly [first: number, end: number]>;
  /** Up to which row it goes. */
  end: number;
}

/** What comes into a model at once, to be cut into pieces and put together again. */
export class RowsInCalls {
  /** How many items each row has, by what counts them. */
  readonly #counts = new Map<string, readonly number[]>();
  /** How long axes are, by symbol. */
  readonly #lengths = new Map<string, number>();
  readonly #inputs: readonly { name: string; symbol: string | undefined; tensor: Tensor }[];

  constructor(
    readonly lowered: FedGraph,
    readonly layout: Layout | undefined,
    incoming: ReadonlyMap<string, Tensor>,
  ) {
    const { feeds, graph } = lowered;
    this.#inputs = feeds.map(({ name }, i) => {
      const tensor = incoming.get(name) as Tensor;
      const symbol = leadingSymbol(graph.inputs[i]);
      if (symbol !== undefined) this.#lengths.set(symbol, tensor.shape[0] ?? 0);
      if (symbol !== undefined && tensor.counts) this.#addCounts(name, symbol, tensor.counts);
      return { name, symbol, tensor: itemsOf(tensor) };
    });
    for (const { items, counts } of layout?.counts ?? []) {
      refuseOtherCounts(this.#counts.get(items), incoming.get(counts), counts);
    }
  }

  get rows(): number {
    const { rows = "", items = [] } = this.layout ?? {};
    const ofItems = items.flatMap((symbol) => this.#counts.get(symbol)?.length ?? []);
    return this.#lengths.get(rows) ?? ofItems[0] ?? 0;
  }

  /** How many rows are done with a piece, and how many there are. */
  progressOf({ end }: Piece): [done: number, of: number] {
    const ofItems = this.#counts.get(this.layout?.rows ?? "")?.length;
    return ofItems === undefined ? [end, this.rows] : [Math.floor((end * ofItems) / Math.max(1, this.rows)), ofItems];
  }

  /** Calls of as many rows, and items of rows, as are good for the caches; of at least one row. */
  pieces(): Piece[] {
    const { layout, rows } = this;
    if (!layout) return [{ ranges: new Map(), end: 0 }];
    const most = perCall(this.lowered, layout.rows);
    const items = layout.items.flatMap((symbol) => {
      const counts = this.#counts.get(symbol);
      return counts ? [{ symbol, starts: startsOf(counts), most: perCall(this.lowered, symbol) }] : [];
    });
    const pieces: Piece[] = [];
    for (let first = 0; first < rows || first === 0; first = pieces.at(-1)?.end ?? rows) {
      const fits = (end: number) => items.every(({ starts, most }) => between(starts, first, end) <= most);
      let end = Math.min(rows, first + 1);
      while (end < rows && end - first < most && fits(end + 1)) end++;
      const ranges = new Map([[layout.rows, [first, end] as const]]);
      for (const { symbol, starts } of items) ranges.set(symbol, [starts[first] ?? 0, starts[end] ?? 0]);
      pieces.push({ ranges, end });
      if (!rows) break;
    }
    return pieces;
  }

  /** What a call reads. Where no row has an item, one of zeros stands in, which no row reads. */
  feeds({ ranges }: Piece): [name: string, tensor: Tensor][] {
    return this.#inputs.map(({ name, symbol = "", tensor }) => {
      const [first, end] = ranges.get(symbol) ?? [];
      const cut = first === undefined || end === undefined ? tensor : rowsOf(tensor, first, end);
      const isEmpty = cut.shape[0] === 0 && this.#counts.has(symbol);
      return [name, isEmpty ? emptyTensor(cut, 1) : cut];
    });
  }

  /** Puts together what calls gave, in pieces. */
  joined(pieces: readonly Piece[]): JoinedRows {
    const symbolOf = (name: string) => leadingSymbol(this.lowered.graph.outputs.get(name)) ?? "";
    return new JoinedRows(pieces.length, symbolOf, this.#lengths, this.#counts);
  }

  #addCounts(name: string, symbol: string, counts: readonly number[]): void {
    const known = this.#counts.get(symbol);
    if (known && !areSameCounts(known, counts))
      throw new Failure({
        message: `The rows of ${name} have other numbers of items than those of another input.`,
        hint: "Wire values that were made of the same pictures or tiles.",
      });
    this.#counts.set(symbol, counts);
  }
}

class JoinedRows {
  readonly #whole = new Map<string, Tensor>();

  constructor(
    readonly pieces: number,
    readonly symbolOf: (output: string) => string,
    readonly lengths: ReadonlyMap<string, number>,
    readonly counts: ReadonlyMap<string, readonly number[]>,
  ) {}

  add(given: ReadonlyMap<string, Tensor>, { ranges }: Piece): void {
    for (const [name, part] of given) {
      const symbol = this.symbolOf(name);
      const [first = 0, end = part.shape[0] ?? 0] = ranges.get(symbol) ?? [];
      const length = this.lengths.get(symbol);
      const isWhole = this.pieces === 1 && (length === undefined || length === part.shape[0]);
      if (isWhole) this.#whole.set(name, part);
      else {
        const target = this.#whole.get(name) ?? emptyTensor(part, length ?? end);
        this.#whole.set(name, target);
        const kept = Math.min(end, length ?? end) - first; // without one that stood in
        const width = sizeOf(part.shape.slice(1));
        (target.data as Float32Array).set((part.data as Float32Array).subarray(0, kept * width), first * width);
      }
    }
  }

  /** All rows, packed as what came in was. */
  outputs(): Map<string, Tensor> {
    const packed = [...this.#whole].map(([name, tensor]): [string, Tensor] => {
      const counts = this.counts.get(this.symbolOf(name));
      return [name, counts ? { ...tensor, counts } : tensor];
    });
    return new Map(packed);
  }
}

const leadingSymbol = (value: Value | undefined): string | undefined => {
  const [leading] = value?.shape ?? [];
  return typeof leading === "string" ? leading : undefined;
};

const between = (starts: Float64Array, first: number, end: number): number => (starts[end] ?? 0) - (starts[first] ?? 0);

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** As many rows as fit into `callBytes` where the model's values are widest. */
function perCall({ graph }: FedGraph, symbol: string): number {
  const widths = graph.nodes.flatMap(({ outputs }) =>
    outputs.filter(({ shape }) => shape.includes(symbol)).map((value) => rowBytes(value)),
  );
  return Math.max(1, Math.min(callRows, Math.floor(callBytes / Math.max(1, ...widths))));
}

/** The bytes of one row; a size that is not known counts as one. */
function rowBytes({ dtype, shape }: Value): number {
  return shape.reduce<number>((bytes, size) => bytes * (typeof size === "number" ? size : 1), widthOf(dtype));
}

/** A tensor of zeros for so many rows like those of the part. */
function emptyTensor({ dtype, shape, data }: Tensor, rows: number): Tensor {
  const [, ...rest] = shape;
  const ArrayType = data.constructor as Float32ArrayConstructor;
  return { dtype, shape: [rows, ...rest], data: new ArrayType(sizeOf(rest) * rows) };
}
