/** Small tensors that move by one rule, moved together. */
import type { Value } from "../onnx/graph";
import type { Ops } from "../onnx/ops/index";
import { fixed, sizeOf } from "../onnx/shape";

/** Values of one shape, by name: a parameter, its gradient, what the optimizer keeps for it. */
export type Tensors = Readonly<Record<string, Value>>;

/** Elements of a tensor that is worth ops of its own. */
const large = 2 ** 14;
/** So many elements lie in a core's cache while a dozen ops go over them. */
const most = 2 ** 16;

/**
 * What an elementwise rule makes of each of many tensors, in their order. An optimizer is a dozen ops for each of them,
 * and on a bias or a LoRA matrix an op costs what its call costs: small tensors whose rows are alike are joined along
 * their first axis, moved, and cut apart. Every element becomes what it would alone, bit for bit.
 */
export function moveTogether(op: Ops, tensors: readonly Tensors[], rule: (tensors: Tensors) => Tensors): Tensors[] {
  const moved = new Map<Tensors, Tensors>();
  for (const group of groupsOf(tensors)) {
    for (const [i, each] of moveGroup(op, group, rule).entries()) moved.set(group[i] as Tensors, each);
  }
  return tensors.map((each) => moved.get(each) as Tensors);
}

function groupsOf(tensors: readonly Tensors[]): Tensors[][] {
  const groups: Tensors[][] = [];
  /** The group that is being filled, by the shape of its rows, and how many elements it still takes. */
  const open = new Map<string, { group: Tensors[]; room: number }>();
  for (const each of tensors) {
    const shape = shapeOf(each);
    const elements = sizeOf(shape);
    if (!shape.length || elements > large) {
      groups.push([each]);
      continue;
    }
    const rows = String(shape.slice(1));
    let place = open.get(rows);
    if (!place || place.room < elements) {
      place = { group: [], room: most };
      groups.push(place.group);
      open.set(rows, place);
    }
    place.group.push(each);
    place.room -= elements;
  }
  return groups;
}

function moveGroup(op: Ops, group: readonly Tensors[], rule: (tensors: Tensors) => Tensors): Tensors[] {
  const [first] = group as [Tensors];
  if (group.length === 1) return [rule(first)];
  const join = (name: string): Value => op.Concat(...group.map((each) => each[name] as Value), { axis: 0 });
  const joined = Object.fromEntries(Object.keys(first).map((name) => [name, join(name)]));
  const moved = Object.entries(rule(joined));
  let start = 0;
  return group.map((each) => {
    const end = start + (shapeOf(each)[0] as number);
    const cut = (whole: Value): Value => op.Slice(whole, { axes: [0], starts: [start], ends: [end] });
    const parts = moved.map(([name, whole]) => [name, cut(whole)] as const);
    start = end;
    return Object.fromEntries(parts);
  });
}

const shapeOf = (tensors: Tensors): number[] => fixed((Object.values(tensors)[0] as Value).shape);
