import * as z from "zod";
import { readSafetensorsHeader } from "#models/files/safetensors";
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
sizes and bounds. float32, float16 and bfloat16 are read.`,
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
    const bytes =
      params.source === "shipped"
        ? await host.packageFile("patchbay", `${params.shipped}.safetensors`)
        : await host.get(params.file?.ref ?? "");
    readSafetensorsHeader(bytes);
    return { weights: { ref: await host.put(bytes) } };
  },
});
