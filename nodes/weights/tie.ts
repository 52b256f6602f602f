import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const tie = defineNode({
  type: "weights.tie",
  title: "Tie weights",
  description: "Makes one parameter be another one, such as a language head its token embedding.",
  synonyms: ["tie_word_embeddings", "share weights", "tied embeddings"],
  docs: `Every node that reads this handle and asks for the first name gets the second one's tensor, transposed if
asked: a head's matrix [D, V] is the embedding [V, D] transposed (Press & Wolf 2017). A checkpoint then holds it
once.

With a * in both names whole modules are one: \`decoder.*\` is \`encoder.*\`, what stands for the first * taken
over, but for the *exceptions*. BLIP shares everything between its text encoder and decoder but self-attention, whose
names hold \`.attention.\` (Li et al. 2022, §3.1).`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights({ shares: "weights" }) },
  params: {
    name: z
      .string()
      .min(1)
      .max(200)
      .default("head.weight")
      .meta({ label: "This parameter", placeholder: "head.weight" }),
    to: z
      .string()
      .min(1)
      .max(200)
      .default("text.token_embedding")
      .meta({ label: "is this one", placeholder: "text.token_embedding" }),
    transposed: z.boolean().default(true),
    except: z
      .string()
      .max(1000)
      .default("")
      .meta({ label: "But for", placeholder: "*.attention.*", advanced: true, description: "Patterns of names." }),
  },
  check: ({ name, to }) => {
    const stars = (text: string) => text.split("*").length - 1;
    if (stars(name) === stars(to) && stars(name) < 2) return undefined;
    return { param: "to", message: "Both names have one *, or neither has.", hint: "Write decoder.* is encoder.*" };
  },
  marks: (params) => ({ ties: [params] }),
  run: async ({ inputs: { weights }, params }) => ({
    weights: { ...weights, ties: [...(weights.ties ?? []), params] },
  }),
});
