import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

const upload = z.object({
  ref: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().max(255).default("tokenizer.json"),
});

export const loadTokenizer = defineNode({
  type: "text.load-tokenizer",
  title: "Load tokenizer",
  description: "The tokenizer of a shipped checkpoint, or a Hugging Face tokenizer.json that you upload.",
  docs: `Reads the BPE tokenizers of CLIP's family: start and end tokens are \`<|startoftext|>\` and \`<|endoftext|>\`.
At most 32 MiB.`,
  version: 1,
  inputs: {},
  outputs: { tokenizer: port.tokenizer() },
  params: {
    source: z.enum(["shipped", "upload"]).default("shipped").meta({ label: "From" }),
    shipped: z
      .string()
      .regex(/^[\w-]+$/, "a name of letters, digits, - and _")
      .default("clip-emoji")
      .meta({ label: "Checkpoint" }),
    file: upload.optional().meta({ label: "tokenizer.json", widget: "upload" }),
  },
  check: ({ source, file }) =>
    source === "upload" && !file
      ? { param: "file", message: "No tokenizer.json is chosen.", hint: "Upload one, or take the shipped tokenizer." }
      : undefined,
  async run({ host, params }) {
    const bytes =
      params.source === "shipped"
        ? await host.packageFile("patchbay", `${params.shipped}.tokenizer.json`)
        : await host.get(params.file?.ref ?? "");
    const fail = (reason: string): never => {
      throw Object.assign(new Error(`The tokenizer cannot be read: ${reason}.`), {
        hint: "Upload the tokenizer.json of a Hugging Face model.",
      });
    };
    if (bytes.byteLength > 32 * 2 ** 20) fail("it has more than 32 MiB");
    let json: unknown;
    try {
      json = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      fail("it is no JSON");
    }
    const parsed = z.looseObject({ model: z.looseObject({ vocab: z.record(z.string(), z.number()) }) }).safeParse(json);
    if (!parsed.success) return fail("it has no model.vocab");
    return { tokenizer: { json: parsed.data, config: {} } };
  },
});
