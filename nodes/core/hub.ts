/** Parameters of nodes that take something of a model of the Hugging Face hub. */
import * as z from "zod";

/** When a parameter means something, by another. */
const hubOnly = { source: ["hub"] };

export const hubParams = {
  model: z
    .string()
    .max(200)
    .default("")
    .meta({ label: "Model", placeholder: "openai/clip-vit-base-patch32", when: hubOnly }),
  revision: z.string().max(200).default("main").meta({
    description: "A branch, a tag, or a commit, which stays the same for ever.",
    placeholder: "main",
    when: hubOnly,
  }),
};

/** What nodes say of it. */
export const hubDocs = `From the *hub* a model is taken by its id, such as \`openai/clip-vit-base-patch32\`, and a
revision; a commit pins it. Files come from the cache that Hugging Face's tools share (\`HF_HOME\`), or are fetched into
it where the operator allows the network (\`PATCHBAY_ALLOW_REMOTE=1\`; \`HF_ENDPOINT\`, \`HF_TOKEN\`).`;
