/** The sizes of SmolLM2-135M, as the decoder node's parameters. */
export const smollm2 = {
  vocabulary: 49_152,
  width: 576,
  layers: 30,
  heads: 9,
  keyHeads: 3,
  hidden: 1536,
  base: 100_000,
};

/** A batch, and the adapters on every matrix of every layer. */
export const tokens = { rows: 4, length: 256, rank: 8, alpha: 16 };
