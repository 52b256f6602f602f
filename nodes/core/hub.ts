/** Parameters of nodes that take something of a model: of a folder that may be read, or of the Hugging Face hub. */
import * as z from "zod";
import { secretName } from "./secret-name";

/** When parameters mean something, by another. */
const folderOnly = { source: ["folder"] };
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
  token: secretName.optional().meta({
    label: "Token",
    widget: "secret",
    description: "A secret of the team, for a private or gated model. Without one, what the operator has set is sent.",
    when: hubOnly,
    advanced: true,
  }),
};

export const folderOrHubParams = {
  folder: z
    .string()
    .max(4096)
    .default("")
    .meta({ label: "Folder", placeholder: "/data/models/clip", when: folderOnly }),
  ...hubParams,
};

/** What nodes say of it. */
export const hubDocs = `From the *hub* a model is taken by its id, such as \`openai/clip-vit-base-patch32\`, and a
revision; a commit pins it. Files come from the cache that Hugging Face's tools share (\`HF_HOME\`), or are fetched into
it where the operator allows the network (\`PATCHBAY_ALLOW_REMOTE=1\`; \`HF_ENDPOINT\`, \`HF_TOKEN\`). *Token* names a
secret of the team, such as its token of the hub: the graph holds the name alone, and what comes with it is kept apart
from the shared cache, for that team.`;
