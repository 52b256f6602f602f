import type { Builder } from "../../../blocks/builder";
import type { Attrs, Dim, DType, Shape } from "../../graph";
import { append, type OpName } from "../../ops/index";
import { axisOf } from "../../shape";
import { type Operand, ofKnown, ofValue } from "../operand";
import type { BakedBatch } from "../baked";
import type { FileNode } from "../read";

/** What an op of the file becomes: one operand per output. */
export type Translation = (call: Call) => readonly Operand[];

/** Why an op cannot be translated; whoever catches it adds which op. */
export function refuse(reason: string): never {
  throw new Error(reason);
}

/** What is the same for all ops of a file. */
export interface Context {
  builder: Builder;
  /** The version of the standard that the file is written in: the same op may mean another thing in another one. */
  opset: number;
  /** The batch that it was exported for, and the one that comes in its place; of a file that takes any. */
  batch?: { baked: BakedBatch; rows: Dim };
}

/** One op of the file on its way into our graph: what it is given, and how it emits. */
export class Call {
  constructor(
    readonly context: Context,
    readonly node: FileNode,
    /** The inputs; an optional one that is left out is undefined. */
    readonly operands: readonly (Operand | undefined)[],
  ) {}

  get builder(): Builder {
    return this.context.builder;
  }

  get opset(): number {
    return this.context.opset;
  }

  get attrs(): Attrs {
    return this.node.attrs;
  }

  input(index: number): Operand {
    return this.operands[index] ?? refuse(`its input ${index + 1} is missing`);
  }

  inputs(): Operand[] {
    return this.operands.map((_, index) => this.input(index));
  }

  /** The integers of an input, which must follow from the file and the shapes; sizes among them may be symbolic. */
  sizes(index: number): readonly Dim[] {
    const { known } = this.input(index);
    return (
      known ??
      refuse(`its input ${index + 1} depends on data, and shapes must follow from the shapes of the model's inputs`)
    );
  }

  /** The integers of an input, all of them numbers. */
  integers(index: number): number[] {
    return this.sizes(index).map((size) =>
      typeof size === "number"
        ? size
        : refuse(`its input ${index + 1} depends on the size ${size}, and a number is needed here`),
    );
  }

  /** Axes and the like were attributes before they became inputs. */
  listed(name: string, index: number): number[] | undefined {
    return this.operands[index] ? this.integers(index) : (this.attrs[name] as number[] | undefined);
  }

  /** Sizes that `shape` is brought to, with the batch that comes in place of the one in the file. */
  freed(how: "reshape" | "expand", shape: Shape, target: readonly Dim[]): readonly Dim[] {
    const { batch } = this.context;
    return batch ? batch.baked[how](this.node, batch.rows, shape, target) : target;
  }

  /** An attribute that is a number. */
  option(name: string, fallback: number): number {
    return (this.attrs[name] as number | undefined) ?? fallback;
  }

  /** The attribute `axis` as a place in the shape of the first input. */
  axis(fallback?: number): number {
    const axis = (this.attrs.axis as number | undefined) ?? fallback ?? refuse("it has no axis");
    return axisOf(axis, this.input(0).shape.length);
  }

  /** A constant of one number. */
  scalar(number: number, dtype: DType = "float32"): Operand {
    return ofKnown(this.builder, dtype, [], [number]);
  }

  /** Appends an op of ours; all its outputs. */
  emitAll(op: OpName, operands: readonly Operand[], attrs: Attrs = {}): Operand[] {
    const values = operands.map((operand) => operand.value());
    return append(this.builder.graph, op, values, attrs).map(ofValue);
  }

  /** Appends an op of ours; its first output. */
  emit(op: OpName, operands: readonly Operand[], attrs: Attrs = {}): Operand {
    return this.emitAll(op, operands, attrs)[0] as Operand;
  }
}
