/** A language model of SmolLM2-135M's shape with drawn weights, for machines that fetch nothing. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { streamSafetensors } from "#models/files/safetensors";
import { random } from "#models/random";
import { quantize } from "#nodes/weights/quantize";
import { runNode } from "#tests/kit/run-node";
import { scope } from "../decode/measure";
import { hostIn } from "../decode/prepare";
import { smollm2 } from "../finetune-llm/sizes";

/** Writes what `bench/decode/ours.ts` reads into a folder, and gives the folder. */
export async function prepareDrawn(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const host = await hostIn(folder);
  const list = shapes().map(([name, shape]) => ({ name: `${scope}.${name}`, shape, ...drawn(name, shape) }));
  const float32 = { ref: (await host.putParts(streamSafetensors(list, {}))).ref };
  const { weights: int4 } = await runNode(
    quantize,
    { weights: float32 },
    { bits: "int4", block: "32", layout: "out × in", spared: "*embed_tokens*" },
    host,
  );
  writeFileSync(join(folder, "weights.json"), JSON.stringify({ float32, int4 }));
  return folder;
}

function shapes(): [string, number[]][] {
  const { vocabulary, width, layers, heads, keyHeads, hidden } = smollm2;
  const keys = (width / heads) * keyHeads;
  const layer = (i: number): [string, number[]][] => [
    [`model.layers.${i}.self_attn.q_proj.weight`, [width, width]],
    [`model.layers.${i}.self_attn.k_proj.weight`, [keys, width]],
    [`model.layers.${i}.self_attn.v_proj.weight`, [keys, width]],
    [`model.layers.${i}.self_attn.o_proj.weight`, [width, width]],
    [`model.layers.${i}.mlp.gate_proj.weight`, [hidden, width]],
    [`model.layers.${i}.mlp.up_proj.weight`, [hidden, width]],
    [`model.layers.${i}.mlp.down_proj.weight`, [width, hidden]],
    [`model.layers.${i}.input_layernorm.weight`, [width]],
    [`model.layers.${i}.post_attention_layernorm.weight`, [width]],
  ];
  const all = Array.from({ length: layers }, (_, i) => layer(i)).flat();
  return [["model.embed_tokens.weight", [vocabulary, width]], ...all, ["model.norm.weight", [width]]];
}

/** Ones for a norm, else normal numbers of the deviation 0.02. */
function drawn(name: string, shape: readonly number[]) {
  const count = shape.reduce((product, length) => product * length, 1);
  return {
    dtype: "F32",
    bytes: 4 * count,
    async *parts() {
      const numbers = new Float32Array(count);
      if (shape.length === 1) numbers.fill(1);
      else random("bench", name).fill(numbers, "normal");
      if (shape.length > 1) for (let i = 0; i < count; i++) numbers[i] = 0.02 * (numbers[i] as number);
      yield new Uint8Array(numbers.buffer);
    },
  };
}
