import { describe, expect, it } from "vitest";
import { inBothDialects } from "./dialects";

const written = (json: object, dtype?: string) =>
  JSON.parse(inBothDialects(JSON.stringify(json), { className: "LlamaForCausalLM", dtype }));
const llama3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 };

describe("config.json in both dialects", () => {
  it("is the same from whichever it came", () => {
    const both = {
      architectures: ["LlamaForCausalLM"],
      dtype: "float16",
      torch_dtype: "float16",
      rope_theta: 500_000,
      rope_scaling: { rope_type: "llama3", type: "llama3", ...llama3 },
      rope_parameters: { rope_type: "llama3", rope_theta: 500_000, ...llama3 },
    };
    const fourth = { torch_dtype: "float16", rope_theta: 500_000, rope_scaling: { type: "llama3", ...llama3 } };
    const fifth = { dtype: "float16", rope_parameters: both.rope_parameters };
    for (const json of [fourth, fifth, both]) expect(written(json)).toEqual(both);
  });

  it("says null for positions that are not scaled, and keeps the share that turns", () =>
    expect(written({ rope_parameters: { rope_type: "default", rope_theta: 1e4, partial_rotary_factor: 0.5 } })).toEqual(
      {
        architectures: ["LlamaForCausalLM"],
        rope_theta: 1e4,
        partial_rotary_factor: 0.5,
        rope_scaling: null,
        rope_parameters: { rope_type: "default", rope_theta: 1e4, partial_rotary_factor: 0.5 },
      },
    ));

  it("leaves a longrope to its three fields, as Phi-3 checks them", () => {
    const factors = { short_factor: [1, 2], long_factor: [3, 4] };
    const json = { rope_parameters: { rope_type: "longrope", rope_theta: 1e4, ...factors, factor: 2 } };
    expect(written(json).rope_scaling).toEqual({ type: "longrope", ...factors });
  });

  it("keeps numbers as they are written: a float stays one", () => {
    const text = '{"label_smoothing": 0.0, "eps": 1e-05, "size": 8, "name": "v1.0", "rope_theta": 10000.0}';
    const config = inBothDialects(text, { className: "LlamaForCausalLM" });
    for (const field of ['"label_smoothing": 0.0,', '"eps": 1e-05,', '"size": 8,', '"name": "v1.0",']) {
      expect(config).toContain(field);
    }
    expect(config.match(/"rope_theta": 10000\.0/g)).toHaveLength(2);
  });

  it("says of a decoder inside that it is tied where the whole is", () => {
    const text = { vocab_size: 8, tie_word_embeddings: false };
    const tiedIn = (json: object) => written({ text_config: text, ...json }).text_config.tie_word_embeddings;
    expect(tiedIn({ tie_word_embeddings: true })).toBe(true);
    expect(tiedIn({ tie_word_embeddings: false })).toBe(false);
  });

  it("reaches a decoder inside, and leaves a tower alone", () => {
    const { text_config: text, vision_config: vision } = written({
      text_config: { rope_theta: 1e6 },
      vision_config: { hidden_size: 8 },
    }) as Record<string, object>;
    expect(text).toMatchObject({ rope_theta: 1e6, rope_parameters: { rope_theta: 1e6, rope_type: "default" } });
    expect(vision).toEqual({ hidden_size: 8 });
  });
});
