import { scoresOf } from "../core/columns";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { recallPorts, recallsOf } from "../core/recall";

export const rerankedRecall = defineNode({
  type: "eval.reranked-recall",
  title: "Reranked recall",
  description: "Recall at 1, 5 and 10 of the candidates in the order of their matching scores.",
  synonyms: ["recall@k", "R@1", "ITM"],
  docs: `What *Candidates for matching* found is put in the order of how well it matches: the logit of a match less that
of none. A partner that is not among the candidates is not found; ties count against it. Fractions of 1 (ALBEF,
Retrieval.py, itm_eval).

- \`logits\` float32 [P, 2], no match and match; \`pair\` int64 [P, 3] as *Candidates for matching* gives it`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["P", 2], doc: "Of the matching head." }),
    pair: port.tensor({ dtype: "int64", shape: ["P", 3], doc: "Who asks whom." }),
  },
  outputs: recallPorts,
  params: {},
  reduce: {
    rows: ["logits", "pair"],
    start() {
      const found: [Map<number, Scored[]>, Map<number, Scored[]>] = [new Map(), new Map()];
      return {
        add({ logits, pair }) {
          const [rows = 0] = pair.shape;
          const numbers = pair.data as BigInt64Array;
          for (let row = 0; row < rows; row++) {
            const [side = 0, query = 0, candidate = 0] = Array.from(numbers.subarray(row * 3, row * 3 + 3), Number);
            const ofSide = found[side ? 1 : 0];
            const [none = 0, match = 0] = scoresOf(logits, row);
            const scored = ofSide.get(query) ?? [];
            scored.push({ isRight: candidate === query, score: match - none });
            ofSide.set(query, scored);
          }
        },
        finish: () => recallsOf({ ofImages: ranksOf(found[0]), ofTexts: ranksOf(found[1]) }),
      };
    },
  },
});

interface Scored {
  isRight: boolean;
  score: number;
}

const notFound = 2 ** 31 - 1;

/** For each that asks, how many candidates match better than its partner, or as well. */
function ranksOf(asking: ReadonlyMap<number, readonly Scored[]>): Int32Array {
  return Int32Array.from([...asking.values()], (scored) => {
    const right = scored.find(({ isRight }) => isRight);
    return right ? scored.filter((other) => other !== right && !(other.score < right.score)).length : notFound;
  });
}
