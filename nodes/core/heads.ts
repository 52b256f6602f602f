/** What is wrong with a width that attention heads cannot share evenly, as a node's `check` says it. */
export function wrongHeads({ width, heads }: { width: number; heads: number }) {
  if (width % heads === 0) return undefined;
  return {
    param: "heads",
    message: `The width ${width} is not divisible by ${heads} heads.`,
    hint: "Choose heads = width / 64, as CLIP does.",
  };
}
