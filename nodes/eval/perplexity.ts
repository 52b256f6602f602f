import { ignoredLabel } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const perplexity = defineNode({
  type: "eval.perplexity",
  title: "Perplexity",
  description: "How well a language model foresees texts: perplexity, and the share of tokens that it has first.",
  synonyms: ["PPL", "evaluate"],
  docs: `Over all tokens that are asked for, whatever their rows: \`loss\` is the mean of −log p of the right token in
nats, as *Causal LM loss* by token has it, and \`perplexity\` its exponential. \`accuracy\` is the share of tokens whose
score is above all others; a tie counts against it. Labels are of their own places and move one to the left here;
${ignoredLabel} asks for nothing. \`logits\` float32 [N, L, V], \`labels\` int64 [N, L].

Wired to a trainer's \`metric\` a lower perplexity is better: set *A better metric is*.`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["N", "L", "V"] }),
    labels: port.tensor({ dtype: "int64", shape: ["N", "L"] }),
    mask: port.tensor({
      dtype: "int64",
      shape: ["N", "L"],
      optional: true,
      doc: "Labels count only where it is not 0.",
    }),
  },
  outputs: {
    perplexity: port.number(),
    loss: port.number({ doc: "Nats per token." }),
    accuracy: port.number({ doc: "Fraction of tokens." }),
    tokens: port.number({ doc: "How many were asked for." }),
  },
  params: {},
  reduce: {
    rows: ["logits", "labels", "mask"],
    start() {
      const sum = { loss: 0, right: 0, tokens: 0 };
      return {
        add({ logits, labels, mask }) {
          const [rows = 0, length = 0, classes = 0] = logits.shape;
          const scores = logits.data as Float32Array;
          for (let place = 0; place < rows * length; place++) {
            if (place % length === length - 1 || mask?.data[place + 1] === 0n) continue;
            const label = Number(labels.data[place + 1]);
            if (label === ignoredLabel) continue;
            if (label < 0 || label >= classes) refuseLabel(label, classes);
            const { loss, isFirst } = judged(scores.subarray(place * classes, (place + 1) * classes), label);
            sum.loss += loss;
            sum.right += isFirst ? 1 : 0;
            sum.tokens++;
          }
        },
        finish() {
          if (sum.tokens === 0)
            throw Object.assign(new Error("No label asks for a token, so there is nothing to measure."), {
              hint: `Wire labels that are not all ${ignoredLabel}, such as the ids themselves.`,
            });
          const loss = sum.loss / sum.tokens;
          return { perplexity: Math.exp(loss), loss, accuracy: sum.right / sum.tokens, tokens: sum.tokens };
        },
      };
    },
  },
});

/** −log softmax(scores)[label], and whether that score is above all others. */
function judged(scores: Float32Array, label: number): { loss: number; isFirst: boolean } {
  const right = scores[label] as number;
  let most = Number.NEGATIVE_INFINITY;
  let asHigh = 0;
  for (const score of scores) {
    if (score > most) most = score;
    if (score >= right) asHigh++;
  }
  let total = 0;
  for (const score of scores) total += Math.exp(score - most);
  return { loss: Math.log(total) + most - right, isFirst: asHigh === 1 };
}

function refuseLabel(label: number, classes: number): never {
  throw Object.assign(new Error(`The label ${label} is none of the ${classes} tokens that are scored.`), {
    hint: "Wire ids of the model's own tokenizer.",
  });
}
