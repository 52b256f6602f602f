/**
 * Reads `preprocessor_config.json` (or the `image_processor` of transformers 5's `processor_config.json`) as
 * transformers does: what a file leaves out is the default of its class, and old files write sizes as one number.
 */
import * as z from "zod";
import { filtersByNumber } from "./pillow";
import type { ImageProcessor } from "./image-processor";

const clip = { image_mean: [0.48145466, 0.4578275, 0.40821073], image_std: [0.26862954, 0.26130258, 0.27577711] };
const halves = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
const imagenet = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
const square = (side: number) => ({ height: side, width: side });
const grids = (side: number, counts: number[][]) => counts.map((count) => count.map((n) => n * side));

/** What files of a class need not say. */
const defaults: Record<string, Record<string, unknown>> = {
  CLIP: { size: { shortest_edge: 224 }, crop_size: square(224), do_center_crop: true, ...clip },
  ChineseCLIP: { size: { shortest_edge: 224 }, crop_size: square(224), do_center_crop: true, ...clip },
  Siglip: { size: square(224), ...halves },
  ViT: { size: square(224), resample: 2, ...halves },
  DeiT: { size: square(256), crop_size: square(224), do_center_crop: true, ...imagenet },
  Bit: { size: { shortest_edge: 224 }, crop_size: square(224), do_center_crop: true, ...clip },
  ConvNext: { size: { shortest_edge: 384 }, crop_pct: 224 / 256, ...halves },
  Blip: { size: square(384), ...clip },
  Vilt: { size: { shortest_edge: 384 }, size_divisor: 32, do_pad: true, ...halves },
  EfficientNet: { size: square(346), crop_size: square(289), include_top: true, ...halves },
  LlavaNext: {
    size: { shortest_edge: 224 },
    crop_size: square(224),
    do_center_crop: true,
    do_pad: true,
    image_grid_pinpoints: grids(336, [
      [1, 2],
      [2, 1],
      [2, 2],
      [3, 1],
      [1, 3],
    ]),
    ...clip,
  },
  LlavaOnevision: {
    size: square(384),
    do_pad: true,
    image_grid_pinpoints: grids(
      384,
      Array.from({ length: 36 }, (_, i) => [Math.floor(i / 6) + 1, (i % 6) + 1]),
    ),
    ...clip,
  },
};
/** Classes in which a size of one number is that of both sides. */
const squareClasses = new Set(["Siglip", "ViT", "DeiT", "Blip", "EfficientNet", "LlavaOnevision"]);
/** The processors that are known, by the names of their classes. */
export const knownProcessors: readonly string[] = Object.keys(defaults).map((name) => `${name}ImageProcessor`);

const side = z.int().min(1).max(16_384);
const sizeField = z.union([
  side,
  z.object({
    height: side.nullish(),
    width: side.nullish(),
    shortest_edge: side.nullish(),
    longest_edge: side.nullish(),
    max_height: side.nullish(),
    max_width: side.nullish(),
  }),
]);
const flag = z.boolean().nullish();
const triple = z.union([z.number(), z.array(z.number()).length(3)]);
const config = z.object({
  do_resize: flag,
  size: sizeField.nullish(),
  resample: z.int().min(0).max(5).nullish(),
  crop_pct: z.number().positive().max(1).nullish(),
  size_divisor: side.nullish(),
  do_center_crop: flag,
  crop_size: sizeField.nullish(),
  do_rescale: flag,
  rescale_factor: z.number().positive().nullish(),
  rescale_offset: flag,
  do_normalize: flag,
  image_mean: triple.nullish(),
  image_std: triple.nullish(),
  include_top: flag,
  do_pad: flag,
  image_grid_pinpoints: z
    .array(z.tuple([side, side]))
    .min(1)
    .max(1000)
    .nullish(),
});
type Config = z.output<typeof config>;

/** The processor that a parsed file describes. Throws sentences that name the field. */
export function readProcessor(file: unknown): ImageProcessor {
  const named = z.record(z.string(), z.unknown()).safeParse(file);
  if (!named.success) throw refusal("it is no object");
  const nested = z.record(z.string(), z.unknown()).safeParse(named.data.image_processor);
  const given = nested.success ? nested.data : named.data;
  const className = String(given.image_processor_type ?? given.feature_extractor_type ?? "");
  const family = className.replace(/(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/, "");
  if (!(family in defaults) && given.size === undefined)
    throw refusal(`the class ${className || "(none named)"} is not known, and it gives no size`);
  const said = Object.entries(given).filter(([, value]) => value !== null);
  const parsed = config.safeParse({ ...defaults[family], ...Object.fromEntries(said) });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refusal(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  return processorOf(family, className || "The processor", parsed.data);
}

function refusal(reason: string): Error {
  return Object.assign(new Error(`The image processor's configuration cannot be read: ${reason}.`), {
    hint: `Choose the preprocessor_config.json of a model. Known classes: ${knownProcessors.join(", ")}.`,
  });
}

function processorOf(family: string, name: string, read: Config): ImageProcessor {
  const numbers = numbersOf(read);
  const filter = filtersByNumber[read.resample ?? 3] ?? "bicubic";
  const crops = read.do_center_crop ?? false;
  return {
    name,
    filter,
    ...numbers,
    pad: read.do_pad ?? false,
    ...(read.do_resize === false ? {} : resizeOf(family, read)),
    ...(crops ? { crop: cropOf(read) } : {}),
    ...(read.image_grid_pinpoints ? { tiles: tilesOf(read, read.image_grid_pinpoints) } : {}),
  };
}

function resizeOf(family: string, read: Config): Pick<ImageProcessor, "resize" | "crop"> {
  const size = read.size ?? {};
  if (typeof size === "number") {
    if (squareClasses.has(family)) return { resize: { to: "exact", ...square(size) } };
    return resizeOf(family, { ...read, size: { shortest_edge: size } });
  }
  const { height, width, shortest_edge: shortest, longest_edge: longest } = size;
  if (shortest && read.size_divisor) return { resize: { to: "multiple", edge: shortest, of: read.size_divisor } };
  if (shortest && read.crop_pct) return croppedShare(shortest, read.crop_pct);
  if (shortest) return { resize: { to: "shortest", edge: shortest, ...(longest ? { longest } : {}) } };
  if (height && width) return { resize: { to: "exact", height, width } };
  if (size.max_height && size.max_width)
    return { resize: { to: "within", height: size.max_height, width: size.max_width } };
  if (longest) return { resize: { to: "within", ...square(longest) } };
  throw refusal("size gives neither height and width, nor shortest_edge, nor longest_edge");
}

/** ConvNeXT: below 384 scaled somewhat larger and cropped, from there on pressed into the square. */
function croppedShare(edge: number, share: number): Pick<ImageProcessor, "resize" | "crop"> {
  if (edge >= 384) return { resize: { to: "exact", ...square(edge) } };
  return { resize: { to: "shortest", edge: Math.trunc(edge / share) }, crop: square(edge) };
}

function cropOf({ crop_size: size }: Config): ImageProcessor["crop"] {
  if (typeof size === "number") return square(size);
  if (!size?.height || !size.width) throw refusal("crop_size gives no height and width");
  return { height: size.height, width: size.width };
}

function tilesOf(read: Config, pinpoints: readonly [number, number][]): ImageProcessor["tiles"] {
  const { height, width, shortest } = sidesOf(read.size);
  const whole = { height: height ?? shortest, width: width ?? shortest };
  const length = sidesOf(read.crop_size).height ?? height ?? shortest;
  if (!whole.height || !whole.width || !length) throw refusal("size gives no side for the tiles");
  return {
    grids: pinpoints.map(([down, across]) => ({ height: down, width: across })),
    whole: { height: whole.height, width: whole.width },
    side: length,
  };
}

function sidesOf(size: Config["size"]): { height?: number; width?: number; shortest?: number } {
  if (typeof size === "number") return { shortest: size };
  return {
    height: size?.height ?? undefined,
    width: size?.width ?? undefined,
    shortest: size?.shortest_edge ?? undefined,
  };
}

function numbersOf(read: Config): Pick<ImageProcessor, "scale" | "offset" | "mean" | "std"> {
  const rescales = read.do_rescale ?? true;
  const normalises = read.do_normalize ?? true;
  const mean = normalises ? tripleOf(read.image_mean ?? 0) : tripleOf(0);
  const deviation = normalises ? tripleOf(read.image_std ?? 1) : tripleOf(1);
  // EfficientNet's heads were trained behind a second division by the deviation.
  const second = read.include_top ? tripleOf(read.image_std ?? 1) : tripleOf(1);
  return {
    scale: rescales ? (read.rescale_factor ?? 1 / 255) : 1,
    offset: rescales && read.rescale_offset ? -1 : 0,
    mean,
    std: [deviation[0] * second[0], deviation[1] * second[1], deviation[2] * second[2]],
  };
}

const tripleOf = (value: number | readonly number[]): [number, number, number] =>
  typeof value === "number" ? [value, value, value] : [value[0] ?? 0, value[1] ?? 0, value[2] ?? 0];
