/** The sizes of the small multimodal model, as the parameters of its nodes, and of a batch of its training. */
export const sizes = {
  tower: { patch: 8, width: 192, layers: 4, heads: 3 },
  side: 48,
  /** Tokens of a picture: the class token, and squares of 2 × 2 patches. */
  seen: 10,
  rows: 12,
  /** Tokens of a row, those of its picture included. */
  length: 24,
  rank: 8,
  alpha: 16,
};
