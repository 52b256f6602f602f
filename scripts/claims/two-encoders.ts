/**
 * ViLT's single stream replaced by a text encoder and a picture encoder, which meet in a cosine alone. Each has one
 * block where the stream has two, so that there are as many parameters; losses and data stay what they are, but masked
 * words are guessed without a picture.
 */
import type { Wiring } from "./experiment";
import { adding, rewiring, together } from "./graph";

export const twoEncoders = together(
  textEncoder("", { ids: "tokenize.ids", mask: "tokenize.mask" }, "weights.weights"),
  textEncoder("_masked", { ids: "mask_words.ids", mask: "true_words.mask" }, "weights.weights"),
  pictureEncoder("", { pixels: "resize.pixels", chosen: "chosen.chosen" }, "weights.weights"),
  cosine("", "weights.weights"),
  textEncoder("_test", { ids: "test_tokenize.ids", mask: "test_tokenize.mask" }, "trainer.weights"),
  pictureEncoder("_test", { pixels: "test_resize.pixels" }, "trainer.weights"),
  cosine("_test", "trainer.weights"),
  rewiring("word_head.hidden", "text_encoder_masked.tokens"),
  rewiring("itm.logits", "scores.logits"),
  rewiring("accuracy.logits", "scores_test.logits"),
);

function textEncoder(suffix: string, { ids, mask }: Record<"ids" | "mask", string>, weights: string): Wiring {
  const sizes = { vocabulary: { $: "vocabulary" }, width: { $: "width" }, positions: { $: "text_length" }, types: 2 };
  return together(
    adding(`text${suffix}`, "model.text-embeddings", { ids, weights }, { scope: "text_embeddings", ...sizes }),
    encoder("text", suffix, { tokens: `text${suffix}.tokens`, mask, weights }),
  );
}

function pictureEncoder(suffix: string, inputs: Readonly<Record<string, string>>, weights: string): Wiring {
  const sizes = { patch: { $: "patch" }, width: { $: "width" }, grid: { $: "grid" } };
  const id = `picture${suffix}`;
  return together(
    adding(id, "model.picture-tokens", { ...inputs, weights }, { scope: "picture", ...sizes }),
    encoder("picture", suffix, { tokens: `${id}.tokens`, mask: `${id}.mask`, weights }),
  );
}

/** One block, of whose first token an embedding of unit length is made. */
function encoder(kind: string, suffix: string, inputs: Readonly<Record<string, string>>): Wiring {
  const id = `${kind}_encoder${suffix}`;
  const { weights = "" } = inputs;
  const head = { scope: `${kind}_proj`, width: { $: "width" } };
  return together(
    adding(id, "model.timm-encoder", inputs, { scope: `${kind}_encoder`, layers: 1, heads: { $: "heads" } }),
    adding(`${kind}_first${suffix}`, "model.pool-tokens", { hidden: `${id}.tokens` }, { by: "first" }),
    adding(`${kind}_proj${suffix}`, "model.linear", { features: `${kind}_first${suffix}.embedding`, weights }, head),
    adding(`${kind}_unit${suffix}`, "model.l2-normalize", { embedding: `${kind}_proj${suffix}.features` }),
  );
}

function cosine(suffix: string, weights: string): Wiring {
  const pair = { x: `text_unit${suffix}.embedding`, y: `picture_unit${suffix}.embedding` };
  return together(
    adding(`cosine${suffix}`, "model.pair-similarity", pair),
    adding(`scores${suffix}`, "model.matching-scores", { similarity: `cosine${suffix}.similarity`, weights }),
  );
}
