/**
 * The decoder as Optimum exports it: plain ops, keys and values of earlier tokens as inputs and outputs, by the names
 * that transformers.js knows. SmolLM2's sizes.
 */
import { causalAttentionMask } from "#models/blocks/attention";
import { type Builder, builderOf, linear, scoped } from "#models/blocks/builder";
import { rmsNorm } from "#models/architectures/core/llama-layer";
import { Graph, type Value } from "#models/onnx/graph";
import { toModel } from "#models/onnx/proto";
import type { Stored } from "#models/onnx/proto-messages";
import type { TensorAddress } from "#models/files/checkpoint";
import { quantizedIn } from "#models/files/quantized";
import { checkpointOf } from "#nodes/core/checkpoint";
import type { Weights } from "#nodes/core/values";
import type { Blobs } from "#server/storage/blobs";
import { scope } from "./measure";

const layers = 30;
const heads = 9;
const groups = 3;
const width = 64;
const vocabulary = 49_152;
const model = 576;
const inner = 1536;
const base = 100_000;

/** The bytes of a model whose weights lie in the file `location` beside it. */
export async function optimumModel(weights: Weights, blobs: Blobs, location: string): Promise<Uint8Array> {
  const checkpoint = await checkpointOf(blobs, weights);
  const blocks = quantizedIn(checkpoint);
  const stored = ({ dtype, start, end }: TensorAddress): Stored => ({
    location,
    dtype,
    offset: start,
    bytes: end - start,
  });
  return toModel(built(), {
    parameters: "initializers",
    values(name) {
      const block = blocks.get(name);
      if (block) return { ...block, values: stored(block.values), scales: stored(block.scales) };
      return stored(checkpoint.tensors.get(name) as TensorAddress);
    },
  });
}

function built(): Graph {
  const graph = new Graph();
  const ids = graph.input("input_ids", "int64", ["B", "S"]);
  const mask = graph.input("attention_mask", "int64", ["B", "P+S"]);
  const positions = graph.input("position_ids", "int64", ["B", "S"]);
  const builder: Builder = { ...scoped(builderOf(graph, false), `${scope}.model`), linearLayout: "out-in" };
  const { op } = builder;
  const table = builder.weight("embed_tokens.weight", [vocabulary, model], { kind: "zeros" });
  const ones = op.Expand(graph.constant([1], "int64"), { to: ["P"] });
  const past = op.ReduceSum(ones, { axes: [0], keepdims: 0 });
  const seen = causalAttentionMask(builder, { queries: "S", keys: "P+S", past, padding: mask });
  const turns = anglesOf(builder, positions);
  let x = op.Gather(table, ids, { axis: 0 });
  for (let i = 0; i < layers; i++) {
    const layer = scoped(builder, `layers.${i}`);
    const normed = rmsNorm(layer, "input_layernorm", x, 1e-5);
    x = op.Add(x, attention(scoped(layer, "self_attn"), normed, { index: i, seen, turns }));
    const mlp = scoped(layer, "mlp");
    const y = rmsNorm(layer, "post_attention_layernorm", x, 1e-5);
    const project = (name: string) => linear(mlp, name, y, inner, { bias: false });
    x = op.Add(
      x,
      linear(mlp, "down_proj", op.Mul(op.Swish(project("gate_proj")), project("up_proj")), model, { bias: false }),
    );
  }
  const last = rmsNorm(builder, "norm", x, 1e-5);
  graph.output("logits", op.MatMul(last, op.Transpose(table, { perm: [1, 0] })));
  // transformers.js reads the scores first.
  const presents = [...graph.outputs].filter(([name]) => name !== "logits");
  for (const [name] of presents) graph.outputs.delete(name);
  for (const [name, value] of presents) graph.output(name, value);
  return graph;
}

interface Turns {
  cos: Value;
  sin: Value;
}

/** cos and sin of each position's angles, [B, 1, S, d]. */
function anglesOf({ op, constant }: Builder, positions: Value): Turns {
  const frequencies = Array.from({ length: width / 2 }, (_, i) => base ** ((-2 * i) / width));
  const places = op.Reshape(op.Cast(positions, { dtype: "float32" }), { to: ["B", 1, "S", 1] });
  const angles = op.Mul(places, constant([...frequencies, ...frequencies], [1, 1, 1, width]));
  return { cos: op.Cos(angles), sin: op.Sin(angles) };
}

function turned({ op }: Builder, x: Value, { cos, sin }: Turns): Value {
  const half = (start: number) => op.Slice(x, { starts: [start], ends: [start + width / 2], axes: [3] });
  const crossed = op.Concat(op.Neg(half(width / 2)), half(0), { axis: 3 });
  return op.Add(op.Mul(x, cos), op.Mul(crossed, sin));
}

function attention(
  builder: Builder,
  x: Value,
  { index, seen, turns }: { index: number; seen: Value; turns: Turns },
): Value {
  const { op, graph, constant } = builder;
  const project = (name: string, count: number) =>
    op.Transpose(
      op.Reshape(linear(builder, name, x, count * width, { bias: false }), { to: ["B", "S", count, width] }),
      {
        perm: [0, 2, 1, 3],
      },
    );
  const kept = (name: string, added: Value): Value => {
    const before = graph.input(`past_key_values.${index}.${name}`, "float32", ["B", groups, "P", width]);
    const all = op.Concat(before, added, { axis: 2 });
    graph.output(`present.${index}.${name}`, all);
    const wide = op.Expand(op.Reshape(all, { to: ["B", groups, 1, "P+S", width] }), {
      to: ["B", groups, heads / groups, "P+S", width],
    });
    return op.Reshape(wide, { to: ["B", heads, "P+S", width] });
  };
  const query = turned(builder, project("q_proj", heads), turns);
  const keys = kept("key", turned(builder, project("k_proj", groups), turns));
  const values = kept("value", project("v_proj", groups));
  const scores = op.MatMul(op.Mul(query, constant([width ** -0.5])), op.Transpose(keys, { perm: [0, 1, 3, 2] }));
  const mixed = op.MatMul(op.Softmax(op.Add(scores, seen), { axis: -1 }), values);
  const joined = op.Reshape(op.Transpose(mixed, { perm: [0, 2, 1, 3] }), { to: ["B", "S", heads * width] });
  return linear(builder, "o_proj", joined, model, { bias: false });
}
