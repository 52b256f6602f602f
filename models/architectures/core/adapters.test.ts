import { describe, expect, it } from "vitest";
import type { Checkpoint, TensorAddress } from "../../files/checkpoint";
import { adaptersInFile, openAdapterConfig, wholeInFile } from "./adapters";

const opened = (fields: object) => openAdapterConfig(JSON.stringify({ peft_type: "LORA", lora_alpha: 4, ...fields }));

/** A file with an adapter of rank 2 on one layer. */
function fileOf(layer: string): Checkpoint {
  const address = (shape: number[]): TensorAddress => ({ file: "a", dtype: "F32", shape, start: 0, end: 0 });
  const parts = { lora_A: address([2, 6]), lora_B: address([6, 2]) };
  const tensors = Object.entries(parts).map(([part, at]) => [`base_model.model.${layer}.${part}.weight`, at] as const);
  return { files: ["a"], tensors: new Map(tensors), metadata: {} };
}

describe("adapter_config.json", () => {
  const layer = "model.layers.10.self_attn.q_proj";

  // What re.match(rf"(.*\.)?({pattern})$", layer) of Python says, as PEFT asks it.
  it.each([
    ["q_proj", true],
    ["proj", false],
    ["self_attn.q_proj", true],
    ["layers.0.self_attn.q_proj", false],
    ["^model.layers.10.self_attn.q_proj", true],
    ["^layers.10.self_attn.q_proj", false],
    [String.raw`.*layers\.(9|10)\.self_attn\.[qk]_proj`, true],
    [String.raw`layers\.\d\.self_attn\.q_proj`, false],
    ["k_proj|q_proj", true],
  ])("takes its patterns as PEFT does: %s", (pattern, fits) => {
    const config = opened({ alpha_pattern: { [pattern]: 7 } });
    expect(adaptersInFile(config, fileOf(layer))[0]?.alpha).toBe(fits ? 7 : 4);
  });

  it("takes the first pattern that fits", () => {
    const config = opened({ alpha_pattern: { v_proj: 1, q_proj: 2, [layer]: 3 } });
    expect(adaptersInFile(config, fileOf(layer))[0]?.alpha).toBe(2);
  });

  it.each(["(a+)+", ".*.*.*.*.*", "q_proj(", "(?i:q_proj"])("is refused with the pattern %s", (pattern) => {
    expect(() => opened({ alpha_pattern: { [pattern]: 7 } })).toThrow(
      /“alpha_pattern.* cannot be used: it is no pattern of names/,
    );
  });

  it.each([
    ["init_lora_weights", "pissa_niter_4"],
    ["init_lora_weights", "olora"],
    ["layer_replication", [[0, 4]]],
    ["alora_invocation_tokens", [3]],
    ["lora_bias", true],
    ["use_qalora", true],
    ["trainable_token_indices", { embed_tokens: [1] }],
  ])("is refused where %s is %j, which a sum of two products is not", (field, value) => {
    expect(() => opened({ [field]: value })).toThrow(field);
  });

  it("is read where those fields are there, and ask for nothing", () => {
    const plain = { init_lora_weights: "gaussian", layer_replication: null, lora_bias: false, target_parameters: [] };
    expect(opened(plain).lora_alpha).toBe(4);
  });
});

it("biases that were trained beside adapters, and whole modules, have the model's own names", () => {
  const { tensors } = fileOf("dense");
  const [at] = [...tensors.values()] as [TensorAddress];
  const begin = "base_model.model.";
  const whole = ["query.base_layer.bias", "norm.bias", "head.modules_to_save.default.weight"];
  const all = new Map([...tensors, ...whole.map((name) => [begin + name, at] as const)]);
  const found = wholeInFile({ files: ["a"], tensors: all, metadata: {} });
  expect([...found.keys()]).toEqual(["query.bias", "norm.bias", "head.weight"]);
});
