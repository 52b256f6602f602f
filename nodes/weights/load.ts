import * as z from "zod";
import { countNonFinite, decode, isReadable } from "#models/files/element-types";
import type { TensorRange } from "#models/files/safetensors";
import { checkpointHeader } from "../core/checkpoint";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

const upload = z.object({
  ref: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().max(255).default("weights.safetensors"),
});

export const load = defineNode({
  type: "weights.load",
  title: "Load checkpoint",
  description: "Weights from a checkpoint: one shipped with Patchbay, or a .safetensors file that you upload.",
  docs: `Nodes find their parameters by name: \`scope.name\`. The header is checked before anything is read: types,
sizes and bounds. Tensors of every element type are carried, so that saving gives them back bit by bit; what a node asks
for must be floating-point numbers (F64, F32, F16, BF16, F8_E4M3, F8_E5M2), which become float32.`,
  version: 1,
  inputs: {},
  outputs: { weights: port.weights() },
  params: {
    source: z.enum(["shipped", "upload"]).default("shipped").meta({ label: "From" }),
    shipped: z
      .string()
      .regex(/^[\w-]+$/, "a name of letters, digits, - and _")
      .default("clip-emoji")
      .meta({ label: "Checkpoint" }),
    file: upload.optional().meta({ label: ".safetensors", widget: "upload" }),
  },
  check: ({ source, file }) =>
    source === "upload" && !file
      ? {
          param: "file",
          message: "No checkpoint is chosen.",
          hint: "Upload a .safetensors file, or take a shipped checkpoint.",
        }
      : undefined,
  // A shipped file may change with the product: its bytes, not its name, are what results depend on.
  fingerprint: async ({ host, params }) =>
    params.source === "shipped" ? host.put(await host.packageFile("patchbay", `${params.shipped}.safetensors`)) : "",
  async run({ host, params }) {
    const ref =
      params.source === "shipped"
        ? await host.put(await host.packageFile("patchbay", `${params.shipped}.safetensors`))
        : (params.file?.ref ?? "");
    const { tensors } = await checkpointHeader(host, ref);
    const readable = [...tensors.values()].filter((tensor) => isReadable(tensor.dtype));
    if (!readable.length) host.warn(emptyOf(tensors.size));
    const broken = await nonFiniteTensors(host, ref, tensors);
    if (broken.length) host.warn(nonFiniteOf(broken));
    return { weights: { ref } };
  },
});

/** A checkpoint that nothing can be built from is a slip more often than not. */
const emptyOf = (tensors: number): string =>
  tensors === 0
    ? "The checkpoint holds no tensor."
    : `None of the checkpoint's ${tensors} tensors holds floating-point numbers, so that no node can be built from it.`;

interface Broken {
  name: string;
  /** How many of its numbers are NaN or infinite, of how many. */
  count: number;
  total: number;
}

/** Read at a time: a checkpoint need not fit into memory to be looked through. A multiple of every element's width. */
const pieceBytes = 2 ** 24;

/** Tensors with numbers that are NaN or infinite. Masks are none: they hold nothing but 0 and −∞. */
async function nonFiniteTensors(host: Host, ref: string, tensors: ReadonlyMap<string, TensorRange>): Promise<Broken[]> {
  const found: Broken[] = [];
  for (const [name, { dtype, shape, start, end }] of tensors) {
    if (!isReadable(dtype)) continue;
    let count = 0;
    let isMask = true;
    for (let begin = start; begin < end; begin += pieceBytes) {
      const bytes = await host.read(ref, begin, Math.min(end, begin + pieceBytes));
      const inPiece = countNonFinite(dtype, bytes);
      count += inPiece;
      isMask &&= inPiece > 0 && decode(dtype, bytes)?.every((x) => x === 0 || x === Number.NEGATIVE_INFINITY) === true;
    }
    if (count && !isMask) found.push({ name, count, total: shape.reduce((product, size) => product * size, 1) });
  }
  return found;
}

function nonFiniteOf(broken: readonly Broken[]): string {
  const listed = broken.slice(0, 3).map(({ name, count, total }) => `“${name}” (${count} of ${total})`);
  const more = broken.length > listed.length ? ` and ${broken.length - listed.length} more tensors` : "";
  return (
    `Numbers of ${listed.join(", ")}${more} are NaN or infinite: whatever reads them computes nothing but that. ` +
    "Take an earlier checkpoint, or one in a wider precision."
  );
}
