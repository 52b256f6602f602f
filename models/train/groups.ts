import { matches } from "./match";
import { isVector, type Optimizer, type Scalars, type Tensor, type Updated, updateOf } from "./optimizers";

/** Parameters that are updated in a way of their own: those whose name fits a pattern, in which * stands for any letters. */
export interface Group {
  match: string;
  /** On the learning rate; 1. */
  lrMultiplier?: number;
  /** Instead of the optimizer's, and for every tensor of the group, 1-D ones too. */
  weightDecay?: number;
}

/**
 * The update of a parameter, by its name: the first group that matches counts. Without one, gains, biases and other 1-D tensors do not
 * decay (open_clip). `names` are those of all parameters; a group that fits none of them is a mistake.
 */
export function groupedUpdate(optimizer: Optimizer, groups: readonly Group[], names: readonly string[], c: Scalars): (name: string, tensor: Tensor) => Updated {
  const idle = groups.find(({ match }) => !names.some((name) => matches(match, name)));
  if (idle) throw Object.assign(new Error(`The group “${idle.match}” fits none of the ${names.length} parameters, such as ${names.slice(0, 3).join(", ")}.`), { hint: "Correct the pattern, in which * stands for any letters, or remove the group." });
  const updates = new Map<string, (tensor: Tensor) => Updated>();
  return (name, tensor) => {
    const { lrMultiplier = 1, weightDecay = isVector(tensor.param.shape) ? 0 : optimizer.weightDecay } = groups.find((g) => matches(g.match, name)) ?? {};
    const key = `${lrMultiplier} ${weightDecay}`;
    const update = updates.get(key) ?? updateOf({ ...optimizer, weightDecay }, { ...c, lr: lrMultiplier === 1 ? c.lr : c.op.Mul(c.lr, c.scalar(lrMultiplier)) });
    updates.set(key, update);
    return update(tensor);
  };
}
