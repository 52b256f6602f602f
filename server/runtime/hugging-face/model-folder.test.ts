import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { writeSafetensors } from "#models/files/safetensors";
import { temporaryFolder } from "#tests/kit/run-node";
import { openModelFolder } from "./model-folder";
import { runModel } from "./run-model";

const set = "tests/fixtures/conformance";
let folder = "";

/** A copy of a model of the set, to be spoilt. */
async function copyOf(name: string): Promise<void> {
  folder = await temporaryFolder();
  cpSync(join(set, name), folder, { recursive: true });
}
const configured = (change: Record<string, unknown>): void => {
  const config = JSON.parse(readFileSync(join(set, "vit", "config.json"), "utf8"));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, ...change }));
};
const opening = (): Promise<string> =>
  openModelFolder(folder).then(
    () => "opened",
    (error: Error) => error.message,
  );

describe("a folder from anywhere", () => {
  beforeEach(() => copyOf("vit"));

  it.each([
    ["num_hidden_layers", 1_000_000_000],
    ["hidden_size", 1e15],
    ["num_attention_heads", 0],
    ["patch_size", [8, -8]],
    ["image_size", "large"],
    ["layer_norm_eps", -1],
    ["hidden_act", "no such activation"],
  ])("is refused by the field %s of its config.json", async (field, value) => {
    configured({ [field]: value });
    expect(await opening()).toMatch(new RegExp(`config.json: “${field}`));
  });

  it("is refused where its weights are quantized", async () => {
    configured({ quantization_config: { quant_method: "gptq", bits: 4 } });
    expect(await opening()).toMatch("the weights are quantized (“quantization_config”: gptq)");
  });

  it.each([
    ["bert", "position_embedding_type", "relative_key_query", "absolute"],
    ["bert", "is_decoder", true, "false"],
    ["blip-caption", "text_config.tie_word_embeddings", false, "true"],
  ])("is refused where %s has another %s, which would change what it gives", async (name, path, value, known) => {
    await copyOf(name);
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
    const [field = "", part] = path.split(".").reverse();
    (part ? config[part] : config)[field] = value;
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    expect(await opening()).toMatch(`config.json: “${path}” cannot be used: only ${known} is known.`);
  });

  it("is refused where config.json holds NaN, is no JSON, or is nested without end", async () => {
    writeFileSync(join(folder, "config.json"), '{"architectures": ["ViTModel"], "layer_norm_eps": NaN}');
    expect(await opening()).toMatch(/config.json is no JSON.*NaN/);
    writeFileSync(join(folder, "config.json"), "[".repeat(1_000_000));
    expect(await opening()).toMatch(/config.json is nested too deeply/);
    writeFileSync(join(folder, "config.json"), " ".repeat(17_000_000));
    expect(await opening()).toMatch(/config.json has 17000000 bytes/);
  });

  it("is refused, with the file, where a header claims 200 MB or ranges overlap", async () => {
    const header = new Uint8Array(16);
    new DataView(header.buffer).setBigUint64(0, 200_000_000n, true);
    writeFileSync(join(folder, "model.safetensors"), header);
    expect(await opening()).toMatch(/model.safetensors.*200000000 bytes/);
    const bytes = writeSafetensors([
      { name: "a", shape: [2], data: Float32Array.of(1, 2) },
      { name: "b", shape: [2], data: Float32Array.of(3, 4) },
    ]);
    const text = Buffer.from(bytes).toString("latin1").replace("[8,16]", "[4,12]");
    writeFileSync(join(folder, "model.safetensors"), Buffer.from(text, "latin1"));
    expect(await opening()).toMatch(/model.safetensors.*overlaps/);
  });

  it("is refused where its index names a file outside of it", async () => {
    await copyOf("qwen2-untied-bf16-sharded");
    const path = join(folder, "model.safetensors.index.json");
    const index = JSON.parse(readFileSync(path, "utf8"));
    index.weight_map["lm_head.weight"] = "../../etc/passwd";
    writeFileSync(path, JSON.stringify(index));
    expect(await opening()).toMatch(/model.safetensors.index.json.*lm_head.weight.*passwd/);
  });

  it("is refused where its weights are not those of its config.json", async () => {
    configured({ num_hidden_layers: 1024, intermediate_size: 262_144 });
    const call = { call: "forward", inputs: { pixel_values: pixels } };
    await expect(runModel(folder, call)).rejects.toThrow(/intermediate.dense.weight” is \[262144, 32\] by config.json/);
  });

  it("names what is missing, and what an input should be", async () => {
    await expect(runModel(folder, { call: "forward", inputs: {} })).rejects.toThrow(/“pixel_values” is missing/);
    const call = { call: "forward", inputs: { pixels } };
    await expect(runModel(folder, call)).rejects.toThrow(/takes no input “pixels”. It takes pixel_values/);
    const flat = { pixel_values: { ...pixels, shape: [3, 32, 32] } };
    await expect(runModel(folder, { call: "forward", inputs: flat })).rejects.toThrow(/\[B, 3, H, W\] is expected/);
  });
});

const pixels = { dtype: "float32" as const, shape: [1, 3, 32, 32], data: new Float32Array(3 * 32 * 32) };

describe("an adapter that keeps a head of its own", () => {
  const held = { head: "lm_head.weight", table: "model.embed_tokens.weight" };
  it.each([
    ["head", false],
    ["table", false],
    ["head", true],
  ] as const)("has it apart from its base's table, as PEFT does: %s, tied all the same: %s", async (part, keeps) => {
    const base = join(process.cwd(), set, "qwen2");
    const { vocab_size: rows, hidden_size: width } = JSON.parse(readFileSync(join(base, "config.json"), "utf8"));
    folder = await temporaryFolder();
    const layer = "base_model.model.model.layers.0.self_attn.q_proj";
    const zeros = (name: string, shape: [number, number]) => {
      return { name, shape, data: new Float32Array(shape[0] * shape[1]) };
    };
    const tensors = [
      zeros(`${layer}.lora_A.weight`, [2, width]),
      zeros(`${layer}.lora_B.weight`, [width, 2]),
      zeros(`base_model.model.${held[part]}`, [rows, width]),
    ];
    const config = { peft_type: "LORA", base_model_name_or_path: base, ensure_weight_tying: keeps };
    writeFileSync(join(folder, "adapter_model.safetensors"), writeSafetensors(tensors));
    writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(config));
    const ids = { dtype: "int64", shape: [1, 3], data: BigInt64Array.of(5n, 6n, 7n) } as const;
    const call = { call: "forward", inputs: { input_ids: ids }, options: { output_hidden_states: true } };
    const [own, plain] = await Promise.all([folder, base].map(async (path) => (await runModel(path, call)).outputs));
    const largest = (name: string, of = own) =>
      Math.max(...[...(of?.[name]?.data ?? [])].map((x) => Math.abs(Number(x))));
    expect(largest("hidden_states.0") === 0).toBe(part === "table");
    expect(largest("hidden_states.0", plain)).toBeGreaterThan(0);
    expect(largest("logits") === 0).toBe(part === "head" && !keeps);
  });
});
