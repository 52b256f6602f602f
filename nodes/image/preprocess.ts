import * as z from "zod";
import {
  batchOf,
  largestOf,
  type ImageProcessor,
  imageProcessor,
  processPicture,
  resultSize,
  scaledSize,
} from "#models/pictures/image-processor";
import { knownProcessors, readProcessor } from "#models/pictures/processor-config";
import type { Source } from "#models/onnx/import/fields";
import { hubDocs, folderOrHubParams } from "../core/hub";
import { defineNode } from "../core/node";
import { type Ports, port } from "../core/ports";
import { storedFile } from "../core/stored-file";

const upload = storedFile("preprocessor_config.json").extend({ processor: imageProcessor });

/** A configuration that is larger is none. */
const mostLetters = 200_000;

interface Choice {
  source: "class" | "upload" | "folder" | "hub";
  class: string;
  file?: z.output<typeof upload>;
  config: string;
}

/** When parameters mean something, by others. */
const uploadedOnly = { source: ["upload"] };
const classOnly = { source: ["class"] };
const readHere = { source: ["folder", "hub"] };

export const preprocess = defineNode({
  type: "image.preprocess",
  title: "Preprocess",
  description: "Pictures to what a Hugging Face model expects, as its preprocessor_config.json says.",
  synonyms: ["AutoImageProcessor", "AutoProcessor", "feature extractor"],
  docs: `Scales by the shortest or longest side or to an exact size, crops, pads, rescales, removes mean and deviation:
float32 [N, 3, H, W], equal to transformers' implementation with PIL to 10⁻⁵. EXIF orientation is applied, grey is
repeated. Colour profiles are left aside, as PIL does. H and W follow from the configuration where it crops or scales
to an exact size; else all pictures of a batch must come out equal, or be padded.

**ViLT** scales to multiples of its patch and pads with zeros to the largest of the batch; \`mask\` int64 [N, H, W] is
1 where there is picture. **LLaVA-NeXT and OneVision** give tiles: [N, tiles, 3, H, W], the whole picture first, missing
tiles zero; \`sizes\` int64 [N, 2] holds height and width of each picture.

*Exact* scales with Pillow's own filter, in some 15 ms for a photograph of 1024 × 768. *Fast* lets the decoder scale
(libvips), which takes next to none of that, but is up to 0.2 off after normalisation where it scales down, and up to
0.8 where it scales up. Tiles are always exact.

The configuration is uploaded, or read from a folder that the operator allows with \`PATCHBAY_FOLDERS\`, and stays in
the graph. ${hubDocs}`,
  version: 1,
  inputs: { image: port.image({ shape: ["N", "*", "*"] }) },
  outputs: {},
  params: {
    source: z.enum(["class", "upload", "folder", "hub"]).default("class").meta({ label: "From" }),
    class: z
      .enum(knownProcessors as [string, ...string[]])
      .default("CLIPImageProcessor")
      .meta({
        label: "Class",
        description: "With the settings that transformers gives it.",
        when: classOnly,
      }),
    file: upload.optional().meta({ label: "preprocessor_config.json", widget: "upload", when: uploadedOnly }),
    ...folderOrHubParams,
    config: z.string().max(mostLetters).default("").meta({
      label: "preprocessor_config.json",
      widget: "config",
      description: "What it says gives the node its ports.",
      when: readHere,
    }),
    transparency: z.enum(["dropped", "white"]).default("dropped").meta({
      description: "Dropped, as the models were trained: what lies below shows. Or laid on white, for drawings.",
    }),
    resampling: z
      .enum(["exact", "fast"])
      .default("exact")
      .meta({ advanced: true, description: "Fast differs from what the model was trained with; see the docs." }),
  },
  ports(params) {
    const processor = processorOf(params);
    return processor && !(processor instanceof Error)
      ? { outputs: outputsOf(processor), perBatch: !hasOneShape(processor) }
      : {};
  },
  inspect: {
    file: {
      ending: "preprocessor_config.json",
      read: async (source: Source) => ({ processor: readProcessor(await jsonOf(source)) }),
    },
  },
  check(params) {
    const { source, file } = params;
    if (source === "upload" && !file)
      return {
        param: "file",
        message: "No preprocessor_config.json is chosen.",
        hint: "Upload one, or choose a class.",
      };
    const processor = processorOf(params);
    if (!processor)
      return {
        param: "config",
        message: "No preprocessor_config.json was read.",
        hint: "Name its folder, and read it.",
      };
    if (!(processor instanceof Error)) return undefined;
    const { message, hint } = processor as Error & { hint?: string };
    return { param: "config", message, hint };
  },
  rowwise: true,
  async run({ host, inputs, params }) {
    const processor = processorOf(params) as ImageProcessor;
    const isFast = params.resampling === "fast" && !processor.tiles;
    const request = {
      sizeOf: (size: { width: number; height: number }) => scaledSize(processor, size),
      ...(params.transparency === "white" ? { background: "#ffffff" } : {}),
      ...(isFast ? { kernel: fastKernels[processor.filter] } : {}),
    };
    const rest = isFast ? { ...processor, resize: undefined } : processor;
    const done = await host.decode(inputs.image, request, (picture) => ({
      sizes: [BigInt(picture.height), BigInt(picture.width)],
      results: processPicture(rest, picture),
    }));
    const results = done.map((picture) => picture.results);
    const { shape, data, mask } = batchOf(processor, results, host.commonSizes(largestOf(results)));
    const [height = 0, width = 0] = shape.slice(-2);
    const sizes = BigInt64Array.from(done.flatMap((picture) => picture.sizes));
    return {
      pixels: { dtype: "float32", shape, data },
      ...(hasMask(processor) ? { mask: { dtype: "int64", shape: [done.length, height, width], data: mask } } : {}),
      ...(processor.tiles ? { sizes: { dtype: "int64", shape: [done.length, 2], data: sizes } } : {}),
    };
  },
});

/** The nearest that sharp has. */
const fastKernels = {
  nearest: "nearest",
  box: "linear",
  bilinear: "linear",
  hamming: "linear",
  bicubic: "cubic",
  lanczos: "lanczos3",
} as const;

/** What pictures are made into; nothing where no configuration is chosen, an error where it cannot be used. */
function processorOf({ source, class: name, file, config }: Choice): ImageProcessor | Error | undefined {
  if (source === "class") return readProcessor({ image_processor_type: name });
  if (source === "upload") return file?.processor;
  if (!config) return undefined;
  try {
    return readProcessor(parsedJson(config));
  } catch (error) {
    return error as Error;
  }
}

/** Whether what becomes of a picture has the same shape whatever other pictures there are. */
const hasOneShape = (processor: ImageProcessor): boolean =>
  resultSize(processor) !== undefined && processor.tiles === undefined;

const hasMask = ({ pad, tiles }: ImageProcessor): boolean => pad && !tiles;

function outputsOf(processor: ImageProcessor): Ports {
  const { height, width } = resultSize(processor) ?? { height: "*", width: "*" };
  const shape = ["N", ...(processor.tiles ? ["*"] : []), 3, height, width];
  return {
    pixels: port.tensor({ dtype: "float32", shape }),
    ...(hasMask(processor) ? { mask: port.tensor({ dtype: "int64", shape: ["N", height, width] }) } : {}),
    ...(processor.tiles ? { sizes: port.tensor({ dtype: "int64", shape: ["N", 2] }) } : {}),
  };
}

async function jsonOf(source: Source): Promise<unknown> {
  const limit = 2 ** 20;
  if (source.size > limit) throw new Error("The file has more than 1 MiB, and is no preprocessor_config.json.");
  return parsedJson(new TextDecoder().decode(await source.read(0, source.size)));
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw Object.assign(new Error("The file is no JSON."), { hint: "Choose the preprocessor_config.json of a model." });
  }
}
