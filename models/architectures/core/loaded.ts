/** A builder whose parameters lie in a checkpoint: each is found there under the name that the file gives it. */
import { type Builder, builderOf } from "../../blocks/builder";
import type { Checkpoint, TensorAddress } from "../../files/checkpoint";
import type { Graph, Init, Value } from "../../onnx/graph";
import { sizeOf } from "../../onnx/shape";
import { type LayerAdapter, layerOf, type OpenAdapter, type Stored } from "./adapters";
import { nameFinder, type NameRules } from "./names";

/** A parameter that the checkpoint does not hold. */
export class MissingParameter extends Error {
  constructor(readonly parameter: string) {
    super(`the checkpoint holds no “${parameter}”`);
  }
}

/** A parameter whose sizes in the checkpoint are not those that the configuration says. */
export class ShapeMismatch extends Error {
  constructor(
    readonly file: string,
    name: string,
    wanted: readonly number[],
    found: readonly number[],
  ) {
    super(`“${name}” is [${wanted.join(", ")}] by config.json and [${found.join(", ")}] in “${file}”`);
  }
}

export interface LoadedBuilder {
  builder: Builder;
  /** Where the numbers of each parameter lie, by its name in the graph. */
  sources: Map<string, TensorAddress>;
  /** The layers of the adapters that something of the model took. */
  adapted: Set<string>;
}

export function loadedBuilder(
  graph: Graph,
  checkpoint: Checkpoint,
  rules: NameRules,
  adapters: readonly OpenAdapter[] = [],
): LoadedBuilder {
  const find = nameFinder(checkpoint.tensors.keys(), rules);
  const sources = new Map<string, TensorAddress>();
  const adapted = new Set<string>();
  const plain = builderOf(graph, false);

  function placed(name: string, address: TensorAddress, shape: readonly number[], init: Init): Value {
    if (!isSame(address.shape, shape)) throw new ShapeMismatch(address.file, name, shape, address.shape);
    sources.set(name, address);
    return graph.parameter(name, shape, init);
  }

  function addressOf(name: string): TensorAddress {
    for (const adapter of adapters) {
      const instead = adapter.instead(name);
      if (instead) return adapter.checkpoint.tensors.get(instead.name) as TensorAddress;
    }
    const found = find(name);
    const address = found === undefined ? undefined : checkpoint.tensors.get(found);
    if (!address) throw new MissingParameter(name);
    return address;
  }

  const parameter = (name: string, shape: readonly number[], init: Init): Value => {
    const base = placed(name, addressOf(name), shape, init);
    return adapters.reduce((value, adapter, i) => {
      const layer = adapter.of(name);
      if (!layer) return value;
      adapted.add(layerOf(layer.a.name));
      const sum = plain.op.Add(value, change(layer, adapter, `${name}#${i}`, shape));
      return layer.magnitude ? atLength(sum, layer, adapter, `${name}#${i}`) : sum;
    }, base);
  };

  /** scale·B·A, in the shape of the layer's weight. */
  function change(
    layer: LayerAdapter,
    { checkpoint: held }: OpenAdapter,
    name: string,
    shape: readonly number[],
  ): Value {
    const { op } = plain;
    const part = (suffix: string, { name: stored, range }: Stored): Value =>
      placed(`${name}.${suffix}`, held.tensors.get(stored) as TensorAddress, range.shape, { kind: "zeros" });
    const flat = (x: Value): Value => {
      const rows = x.shape[0] as number;
      return op.Reshape(x, { to: [rows, sizeOf(x.shape) / rows] });
    };
    const product = op.MatMul(flat(part("lora_B", layer.b)), flat(part("lora_A", layer.a)));
    const scaled = op.Mul(product, plain.constant([layer.scale]));
    const laid = layer.transposed ? op.Transpose(scaled, { perm: [1, 0] }) : scaled;
    return op.Reshape(laid, { to: shape });
  }

  /** What each output reads, at the length that the adapter says. */
  function atLength(sum: Value, { magnitude, transposed }: LayerAdapter, held: OpenAdapter, name: string): Value {
    const { op } = plain;
    const { name: stored } = magnitude as Stored;
    const address = held.checkpoint.tensors.get(stored) as TensorAddress;
    const length = placed(`${name}.lora_magnitude_vector`, address, address.shape, { kind: "ones" });
    const outputs = transposed ? 1 : 0;
    const axes = sum.shape.flatMap((_, axis) => (axis === outputs ? [] : [axis]));
    const own = op.ReduceL2(sum, { axes });
    return op.Mul(sum, op.Div(op.Reshape(length, { to: own.shape }), own));
  }

  return { builder: { ...plain, weight: parameter, buffer: parameter }, sources, adapted };
}

/** Sizes of 1 do not tell shapes apart: some files keep single numbers as [1]. */
function isSame(left: readonly number[], right: readonly number[]): boolean {
  const real = (shape: readonly number[]) => shape.filter((size) => size !== 1).join();
  return real(left) === real(right);
}
