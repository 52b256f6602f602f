import type { Config, System } from "./system";

/** A stage as the template writes it; a fixture's blocks are stages of one block each. */
function stageText([inputs, outputs, kernel, stride, expand]: readonly number[], place: number): string {
  const first = place === 0 ? "_noskip" : "";
  return `r1_k${kernel}_s${stride}${stride}_e${expand}_i${inputs}_o${outputs}_se0.25${first}`;
}

const blocksOf = (config: Config) => config.blocks as unknown as number[][];

export const align: System = {
  system: "align",
  template: "align-train",
  constants: (config) => ({
    image: config.image,
    stem: config.stem,
    blocks: blocksOf(config).map(stageText).join(", "),
    even_padding: (config.even_padding as unknown as number[]).join(", "),
    bn_momentum: config.bn_momentum,
    embed: blocksOf(config).at(-1)?.[1],
    text_width: config.text_width,
    text_layers: config.text_layers,
    text_heads: config.text_heads,
    text_len: config.text_len,
    positions: config.positions,
    vocabulary: config.vocab,
    smoothing: 0.1,
  }),
  inputs: {
    image: "align/image/normalize.pixels",
    input_ids: "align/text/tokenize.ids",
    attention_mask: "align/text/tokenize.mask",
  },
  mid: {
    image_embed: "align/image/encoder.features",
    text_embed: "align/text/projection.features",
    logits_per_image: "align/scorer.logits",
  },
  losses: { i2t: "loss.imageToText", t2i: "loss.textToImage", sum: "loss.sum", mean: "loss.loss" },
};
