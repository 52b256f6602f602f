import type { Dim, Shape } from "#models/onnx/graph";
import type { ResolvedNode } from "./resolve";

/** A size that differs from item to item, or is not known before the run. */
export const anySize = "*";

/** Collects what a node's letters stand for while its ports meet their wires. */
export class Bindings {
  #bound = new Map<string, Dim>();
  constructor(readonly node: ResolvedNode) {}

  /** "$name" is a parameter's value. */
  #param(dim: Dim): Dim {
    if (typeof dim !== "string" || !dim.startsWith("$")) return dim;
    const value = (this.node.params as Record<string, unknown>)[dim.slice(1)];
    return typeof value === "number" ? value : anySize;
  }

  /** The reason why `actual` cannot stand where `expected` is declared, or nothing. */
  meet(expected: Shape, actual: Shape): string | undefined {
    if (expected.length !== actual.length) return `${expected.length} axes are expected and ${actual.length} came`;
    for (const [axis, declared] of expected.entries()) {
      const wanted = this.#param(declared);
      const reason = this.#meetAxis(axis, wanted, actual[axis] as Dim);
      if (reason) return reason;
    }
    return undefined;
  }

  #meetAxis(axis: number, wanted: Dim, came: Dim): string | undefined {
    const isLetter = typeof wanted === "string" && wanted !== anySize;
    const known = isLetter ? this.#bound.get(wanted) : wanted;
    if (came === anySize || known === anySize) return undefined;
    if (known !== undefined && known !== came && typeof known === typeof came)
      return isLetter
        ? `axis ${axis} (${wanted}) is ${came}, while another input of the node makes it ${known}`
        : `axis ${axis} must be ${known} and is ${came}`;
    // A number says more than a symbol that another wire brought.
    if (isLetter && (known === undefined || typeof came === "number")) this.#bound.set(wanted, came);
    return undefined;
  }

  /** A declared shape with every letter replaced; a letter that no input fixed is a size of this node's own making. */
  fill(shape: Shape): Shape {
    return shape.map((declared) => {
      const dim = this.#param(declared);
      if (typeof dim === "number" || dim === anySize) return dim;
      return this.#bound.get(dim) ?? `${this.node.id}.${dim}`;
    });
  }
}
