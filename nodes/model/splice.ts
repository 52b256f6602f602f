import { placeInRows } from "#models/blocks/tokens";
import { defineNode } from "../core/node";
import { placeholderParam } from "../core/placeholder";
import { port } from "../core/ports";

export const splice = defineNode({
  type: "model.splice",
  title: "Splice",
  description: "Puts the tokens of pictures among the embeddings of words, in the places of their placeholder.",
  synonyms: ["masked_scatter", "inputs_embeds", "merge image features", "<image>"],
  docs: `\`ids\` int64 [N, S] hold the placeholder once for each token of a picture, as *Image places* writes it, and
\`embeddings\` float32 [N, S, D] are those of the same ids (*Token embedding*, or a Hugging Face model's
\`hidden_state\` of layer 0). \`tokens\` float32 [N, V, D], of *AnyRes packer*, or a tower's patches where each row
has one picture, take the placeholders' places in their order. Wire the result to the \`embeddings\` of *LLM decoder*,
or the \`inputs_embeds\` of a Hugging Face model.

What was embedded for a placeholder is dropped: it gets no gradient. While text is generated, pictures are read with the
prompt, once; what follows are words. The order is LLaVA's (\`prepare_inputs_labels_for_multimodal\`).`,
  version: 1,
  embeds: { tokens: "ids" },
  needsOneLayout: true,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", "S"] }),
    embeddings: port.tensor({ dtype: "float32", shape: ["N", "S", "D"], doc: "Of the same ids." }),
    tokens: port.tensor({ dtype: "float32", shape: ["N", "V", "D"], doc: "Of the pictures, row by row." }),
  },
  outputs: { embeddings: port.tensor({ dtype: "float32", shape: ["N", "S", "D"] }) },
  bypass: { embeddings: "embeddings" },
  params: { placeholder: placeholderParam },
  build(builder) {
    const { op, graph, inputs, params } = builder;
    const isPlace = op.Equal(inputs.ids, graph.constant([params.placeholder], "int64"));
    return { embeddings: placeInRows(builder, inputs.embeddings, isPlace, inputs.tokens) };
  },
});
