/** How the pictures of a call are packed, and given to the prompts that have their places. */
import type { Builder } from "../../blocks/builder";
import { multiplyDims } from "../../onnx/dim";
import type { Value } from "../../onnx/graph";
import { type AnyResRule, planAnyRes, type Size } from "../../pictures/anyres";
import { anyResPacking, type Packing, tilePacking } from "../../pictures/packing";
import type { Inputs } from "./architecture";

/**
 * A picture that is alone in its prompt is cut into tiles; of several each is one, with the end of a row behind it.
 * `given` is how many tiles there are of each picture.
 */
export function picturePackings(inputs: Inputs, rule: AnyResRule, given: number): Packing[] {
  const sizes = sizesOf(inputs);
  const isAlone = alonePictures(inputs, sizes.length);
  if (isAlone.length !== sizes.length)
    throw new Error(`batch_num_images counts ${isAlone.length} pictures, and image_sizes has ${sizes.length}`);
  const single = tilePacking(rule.side ** 2, { end: true });
  const packings = sizes.map((of, i) => (isAlone[i] ? anyResPacking(planAnyRes(of, rule), rule.side) : single));
  const largest = Math.max(...packings.map(({ tiles }) => tiles));
  if (largest > given) throw new Error(`by its size a picture has ${largest} tiles, and pixel_values has ${given}`);
  return packings;
}

/** Height and width of each picture before it was cut. */
function sizesOf(inputs: Inputs): Size[] {
  const numbers = inputs.known("image_sizes");
  if (!numbers) throw new Error("the input “image_sizes” is missing: it says how the tiles are laid out");
  const sizes = Array.from({ length: numbers.length / 2 }, (_, i) => ({
    height: numbers[2 * i] as number,
    width: numbers[2 * i + 1] as number,
  }));
  if (sizes.some(({ height, width }) => height < 1 || width < 1)) throw new Error("image_sizes must be positive");
  return sizes;
}

/** Which pictures are alone in their text: those of several are one tile each. */
function alonePictures(inputs: Inputs, count: number): boolean[] {
  const numbers = inputs.known("batch_num_images");
  if (!numbers) return Array.from({ length: count }, () => true);
  if (numbers.some((n) => n < 0 || n > count)) throw new Error("batch_num_images does not fit the pictures");
  return numbers.flatMap((n) => Array.from({ length: n }, () => n === 1));
}

/**
 * While text is generated each prompt has a row of features: as many as it has places, filled up to the longest.
 * features: float32 [.., D], those of all prompts in their order → [prompts, F, D], and how many of them are each
 * prompt's own: int64 [prompts, 1]; the same value otherwise.
 */
export function featuresInRows(
  { op, graph, generation }: Builder,
  features: Value,
  { inputs, place }: { inputs: Inputs; place: number },
): { features: Value; counts?: Value } {
  const { prompts } = inputs;
  const total = features.shape.slice(0, -1).reduce(multiplyDims, 1);
  if (!generation || !prompts || typeof total !== "number") return { features };
  const counts = prompts.map((tokens) => tokens.filter((token) => token === place).length);
  const sum = counts.reduce((all, count) => all + count, 0);
  if (sum !== total)
    throw new Error(`the prompts have ${sum} places (token ${place}), and what is given for them fills ${total}`);
  const most = Math.max(...counts);
  let start = 0;
  const index = counts.flatMap((count) => {
    const first = start;
    start += count;
    return Array.from({ length: most }, (_, i) => (i < count ? first + i : 0));
  });
  const flat = op.Reshape(features, { to: [total, features.shape.at(-1) as number] });
  return {
    features: op.Gather(flat, graph.constant(index, "int64", [prompts.length, most]), { axis: 0 }),
    counts: graph.constant(counts, "int64", [prompts.length, 1]),
  };
}
