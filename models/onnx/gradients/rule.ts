import type { Attrs, OpNode, Value } from "../graph";
import type { OpDef } from "../op";
import type { Ops } from "../ops/index";

/** What a rule may look at. `op` emits into the same graph, so a gradient is itself plain ONNX. */
export interface RuleContext<A extends Attrs> {
  op: Ops;
  /** The cotangent of the first output. Further outputs (statistics, indices) carry none. */
  dy: Value;
  x: readonly Value[];
  y: Value;
  /** All outputs. */
  ys: readonly Value[];
  attrs: A;
  /** The op that gives a value. */
  makerOf(value: Value): OpNode | undefined;
  /** A constant of dy's element type. */
  scalar(n: number): Value;
  /** A constant tensor of dy's element type. */
  floats(list: readonly number[], shape: readonly number[]): Value;
  /** An int64 constant. */
  integers(list: readonly number[], shape?: readonly number[]): Value;
}
/** The cotangent of one input. It may still have the broadcast shape: the engine sums it back. */
export type Rule<A extends Attrs> = (c: RuleContext<A>) => Value;

/** Nobody has written this derivative yet; training through the op fails with a message that says so. */
export const unwritten = "unwritten";
/** One rule for each input, or one function for any number of inputs; null where no gradient flows. */
export type OpRules<A extends Attrs> = readonly (Rule<A> | null)[] | ((input: number) => Rule<A>) | typeof unwritten;
/** Every op of a family must appear. */
export type RulesOf<Family> = { [K in keyof Family]: Family[K] extends OpDef<infer A> ? OpRules<A> : never };

type C = Pick<RuleContext<{}>, "op" | "dy" | "x" | "scalar">;
/** One of the op's inputs. */
export const arg = (c: Pick<C, "x">, i = 0): Value => c.x[i] as Value;
/** dy · f. */
export const times =
  <A extends Attrs>(f: Rule<A>): Rule<A> =>
  (c) =>
    c.op.Mul(c.dy, f(c));
/** dy where the mask holds, else 0. */
export const where = ({ op, dy, scalar }: C, mask: Value): Value => op.Where(mask, dy, scalar(0));
