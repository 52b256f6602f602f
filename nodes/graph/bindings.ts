import type { Dim, Shape } from "#models/onnx/graph";
import type { Port, WireType } from "../core/ports";
import { countIn } from "./row-counts";
import type { ResolvedNode } from "./resolve";

/** A size that differs from item to item, or is not known before the run. */
export const anySize = "*";

/** What counts the rows of a wire: its first axis, unless that counts items of rows. */
export const rowsOfWire = ({ shape, packed }: Pick<WireType, "shape" | "packed">): Dim | undefined =>
  packed ?? shape?.[0];

/** Whether a size that is counted may be another: the same number, or one that is not known yet. */
function isSameCount(known: Dim | undefined, came: Dim): boolean {
  const [first, second] = [countIn(known), countIn(came)];
  if (known === undefined || (first === undefined && second === undefined)) return false;
  const numbers = [first ?? known, second ?? came].filter((size) => typeof size === "number");
  return numbers.length < 2 || numbers[0] === numbers[1];
}

/** Why a shape does not fit, and the axis that does not, where it is one. */
export interface Misfit {
  reason: string;
  axis?: number;
}

/** Collects what a node's letters stand for while its ports meet their wires. */
export class Bindings {
  #bound = new Map<string, Dim>();
  /** Of packed wires: what counts their rows, by what counts their items. */
  #rowsOfItems = new Map<Dim, Dim>();
  constructor(readonly node: ResolvedNode) {}

  /** Whether something packed came in. */
  get readsItems(): boolean {
    return this.#rowsOfItems.size > 0;
  }

  /** "$name" is a parameter's value. */
  #param(dim: Dim): Dim {
    if (typeof dim !== "string" || !dim.startsWith("$")) return dim;
    const value = (this.node.params as Record<string, unknown>)[dim.slice(1)];
    return typeof value === "number" ? value : anySize;
  }

  /** Why what comes along a wire cannot come in at a port, or nothing. */
  meet(port: Pick<Port, "shape" | "packed" | "picks">, wire: WireType): Misfit | undefined {
    const { shape: expected, packed: rows, picks } = port;
    const actual = wire.shape;
    const [items] = actual ?? [];
    if (items !== undefined && wire.packed !== undefined) this.#rowsOfItems.set(items, wire.packed);
    if (!expected || !actual) return undefined;
    if (expected.length !== actual.length)
      return { reason: `${expected.length} axes are expected and ${actual.length} came` };
    for (const [axis, declared] of expected.entries()) {
      const wanted = this.#param(declared);
      const reason = this.#meetAxis(`axis ${axis}`, wanted, actual[axis] as Dim);
      if (reason) return { reason, axis };
    }
    const reason =
      (picks !== undefined && this.#meetAxis("what it picks among", picks, wire.picks ?? anySize)) ||
      (rows !== undefined && this.#meetAxis("the number of rows", rows, rowsOfWire(wire) ?? anySize));
    return reason ? { reason } : undefined;
  }

  /** A declared shape as it stands here, for people: parameters by their values, letters with what others made them. */
  described(shape: Shape): Shape {
    return shape.map((declared) => {
      const dim = this.#param(declared);
      const known = typeof dim === "string" ? this.#bound.get(dim) : undefined;
      return typeof known === "number" ? `${dim} = ${known}` : dim;
    });
  }

  /** Of a port of which nothing is known, letters that no other input fixed are any size. */
  leaveOpen({ shape = [], packed }: Pick<Port, "shape" | "packed">): void {
    const letters = [...shape, packed].filter((dim): dim is string => typeof dim === "string" && !dim.startsWith("$"));
    for (const letter of letters) if (!this.#bound.has(letter)) this.#bound.set(letter, anySize);
  }

  #meetAxis(axis: string, wanted: Dim, came: Dim): string | undefined {
    const isLetter = typeof wanted === "string" && wanted !== anySize;
    const known = isLetter ? this.#bound.get(wanted) : wanted;
    if (came === anySize || known === anySize) return undefined;
    if (isSameCount(known, came)) return undefined;
    if (known !== undefined && known !== came && typeof known === typeof came)
      return isLetter
        ? (this.#itemsAmongRows(known, came) ??
            `${axis} (${wanted}) is ${came}, while another input of the node makes it ${known}`)
        : `${axis} must be ${known} and is ${came}`;
    // A number says more than a symbol that another wire brought.
    if (isLetter && (known === undefined || typeof came === "number")) this.#bound.set(wanted, came);
    return undefined;
  }

  /** Why two sizes cannot be one, where items of packed rows are taken for rows. */
  #itemsAmongRows(known: Dim, came: Dim): string | undefined {
    const [before, now] = [this.#rowsOfItems.get(known), this.#rowsOfItems.get(came)];
    if (before === undefined && now === undefined) return undefined;
    const itemsOf = (rows: Dim) => `the items that rows have (pictures or tiles, any number in each of ${rows})`;
    if (before === undefined)
      return `it counts ${itemsOf(now as Dim)}, while another input of the node counts rows (${known})`;
    if (now === undefined) return `it counts rows (${came}), while another input of the node counts ${itemsOf(before)}`;
    return `it counts ${itemsOf(now)}, and another input of the node counts others (${known} and ${came})`;
  }

  /** What counts the rows of what a node gives: nothing where each item is a row. */
  packedAs(shape: Shape | undefined, declared?: string): Dim | undefined {
    const [items] = shape ?? [];
    if (items === undefined) return undefined;
    const rows = declared === undefined ? this.#rowsOfItems.get(items) : this.fill([declared])[0];
    return rows === items ? undefined : rows;
  }

  /** A shape that came, with numbers in place of sizes that are not known yet, where other inputs tell them. */
  refined({ shape: declared }: Pick<Port, "shape">, came: Shape): Shape {
    return came.map((dim, axis) => {
      const known = dim === anySize ? this.#bound.get(String(declared?.[axis])) : undefined;
      return typeof known === "number" ? known : dim;
    });
  }

  /** A declared shape with every letter replaced; a letter that no input fixed is a size of this node's own making. */
  fill(shape: Shape): Shape {
    return shape.map((declared) => {
      const dim = this.#param(declared);
      if (typeof dim === "number" || dim === anySize || countIn(dim) !== undefined) return dim;
      return this.#bound.get(dim) ?? `${this.node.id}.${dim}`;
    });
  }
}
