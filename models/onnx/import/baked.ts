import { divideDims, multiplyDims } from "../dim";
import type { Dim, Shape } from "../graph";
import type { FileNode, OnnxModel } from "./read";

/** A model that is read, and the batch that it was exported for where it takes any. */
export interface FreeModel extends OnnxModel {
  baked?: BakedBatch;
}

/** Where in the list that a node reads a multiple of the batch stands. */
interface Place {
  index: number;
  times: number;
}

/**
 * The batch that a model was exported for. Exporters write it into the file as a number, in the shapes of inputs and
 * outputs and in the targets of Reshape and Expand. There it is searched while the model is emitted for a batch that is
 * a symbol; once it is found, it gives way to whatever batch comes.
 */
export class BakedBatch {
  readonly #places = new Map<FileNode, Place>();
  #isSearching = true;

  /** `size` is the number in the file. */
  constructor(readonly size: number) {}

  /** Ends the search: from now on only the places that were found give way. Gives how many they are. */
  close(): number {
    this.#isSearching = false;
    return this.#places.size;
  }

  /** What a node reads as the target of a Reshape of `shape`, for a batch of `rows`. */
  reshape(node: FileNode, rows: Dim, shape: Shape, target: readonly Dim[]): readonly Dim[] {
    return this.#freed(node, rows, target, () => this.#placeOfRows(rows, shape, target));
  }

  /** What a node reads as the sizes that `shape` is repeated or resized to, for a batch of `rows`. */
  expand(node: FileNode, rows: Dim, shape: Shape, target: readonly Dim[]): readonly Dim[] {
    return this.#freed(node, rows, target, () => {
      const sizeAt = (index: number): Dim => shape[index - target.length + shape.length] ?? 1;
      const isNew = (index: number) => index === 0 && sizeAt(index) === 1 && this.size > 1;
      const index = target.findIndex((size, i) => size === this.size && (sizeAt(i) === rows || isNew(i)));
      return index < 0 ? undefined : { index, times: 1 };
    });
  }

  #freed(node: FileNode, rows: Dim, target: readonly Dim[], search: () => Place | undefined): readonly Dim[] {
    const place = this.#places.get(node) ?? (this.#isSearching ? search() : undefined);
    if (!place) return target;
    this.#places.set(node, place);
    return target.with(place.index, multiplyDims(rows, place.times));
  }

  /**
   * Rows lie one after the other, in as many blocks as the sizes before the batch count. They stay rows where a size of
   * the target with as many blocks before it takes their place.
   */
  #placeOfRows(rows: Dim, shape: Shape, target: readonly Dim[]): Place | undefined {
    const axis = shape.findIndex((size) => typeof size === "string" && typeof divideDims(size, rows) === "number");
    if (axis < 0 || target.some((size) => typeof size === "string")) return undefined;
    const blocks = productOf(shape.slice(0, axis));
    const places = target.map((size, index): Place => ({ index, times: Number(size) / this.size }));
    return places.find(({ index, times }) => {
      if (times <= 0 || !Number.isInteger(times) || productOf(target.slice(0, index)) !== blocks) return false;
      const freed = target.with(index, multiplyDims(rows, times));
      const rest = divideDims(productOf(shape), productOf(freed.filter((size) => size !== -1)));
      return freed.includes(-1) ? typeof rest === "number" : rest === 1;
    });
  }
}

const productOf = (shape: Shape): Dim => shape.reduce(multiplyDims, 1);
