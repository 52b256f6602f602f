import * as z from "zod";
import { exactMatch, levenshteinSimilarity, relaxedMatch, vqaAccuracy } from "#models/answers/measures";
import { rightAnswers, shortList } from "#models/answers/right-answers";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { QuestionScores, type WrongCase, WrongCases } from "../core/question-scores";

const measures = ["exact match", "VQA accuracy", "relaxed accuracy", "ANLS"] as const;

export const vqa = defineNode({
  type: "eval.vqa",
  title: "VQA evaluation",
  description: "How many questions about pictures are answered rightly, by type of question.",
  synonyms: ["visual question answering", "VQAv2", "exact match"],
  docs: `Each answer has a score from 0 to 1, and \`score\` is their mean. A row of \`truth\` is one right answer, or a
JSON list of several, of texts or of objects with \`answer\` as VQA's annotations are.

- *exact match*: 1 when it is one of the right answers, as written, without case, or in *VQA words*: small letters
  without punctuation and articles, numbers as digits, contractions with their apostrophes (GT-Vision-Lab/VQA,
  vqaEval.py)
- *VQA accuracy* (Antol et al. 2015, §4): min(1, n / 3) for n other annotators who said the same, averaged over leaving
  out each annotator in turn; as in vqaEval.py, words are normalized only where annotators differ
- *relaxed accuracy* (ChartQA, Masry et al. 2022, §5.1): a number may be off by the tolerance, 5 % of the right one;
  "%" is a hundredth; anything else, and a right answer of 0, must agree but for case
- *ANLS* (Biten et al. 2019, eq. 1; DocVQA): 1 − edit distance / length of the longer text to the nearest right
  answer, in small letters; 0 below the threshold of 0.5. Exactly the threshold counts, as in the official script,
  where the paper has it count for nothing

\`wrong\` shows the first cases whose score is below ½.`,
  version: 1,
  inputs: {
    answer: port.text({ shape: ["N"], doc: "What the model said, such as the text of *Generate*." }),
    truth: port.text({ shape: ["N"], doc: "The right answer, or a JSON list of right answers." }),
    question: port.text({ shape: ["N"], optional: true, doc: "Shown with the wrong cases." }),
    type: port.text({ shape: ["N"], optional: true, doc: "The type of each question." }),
    image: port.image({
      shape: ["P", "*", "*"],
      packed: "N",
      optional: true,
      doc: "Of each question; the first is shown with the wrong cases.",
    }),
  },
  outputs: {
    score: port.number({ doc: "The mean, a fraction of 1." }),
    byType: port.ranking({ doc: "The mean of each type of question, those with most questions first." }),
    wrong: port.gallery({ doc: "Pictures with question, answer and truth." }),
    scores: port.tensor({ dtype: "float32", shape: ["N"], doc: "Of each question." }),
    questions: port.number({ doc: "How many there were." }),
  },
  params: {
    measure: z.enum(measures).default("exact match"),
    compare: z
      .enum(["as written", "without case", "VQA words"])
      .default("without case")
      .meta({ when: { measure: ["exact match"] } }),
    tolerance: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .meta({ when: { measure: ["relaxed accuracy"] } }),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ when: { measure: ["ANLS"] } }),
    shown: z.int().min(0).max(1000).default(60).meta({ label: "Wrong cases", unit: "at most", advanced: true }),
  },
  reduce: {
    rows: ["answer", "truth", "question", "type", "image"],
    start({ host, params }) {
      const questions = new QuestionScores();
      const wrong = new WrongCases(host, params.shown);
      return {
        async add({ answer, truth, question, type, image }, first) {
          const cases: WrongCase[] = [];
          for (const [row, given] of answer.entries()) {
            const right = annotatorsOf(truth[row] ?? "", first + row, params.measure);
            const score = measured(given, right, params);
            questions.add(score, type?.[row] ?? "all");
            const shown = { row, question: question?.[row], answer: given, truth: shortList(right) };
            if (score < 0.5) cases.push(shown);
          }
          await wrong.add(cases, image);
        },
        finish: () => ({
          score: questions.mean,
          byType: questions.byType(),
          wrong: wrong.gallery(),
          scores: {
            dtype: "float32",
            shape: [questions.scores.length],
            data: Float32Array.from(questions.scores),
          },
          questions: questions.scores.length,
        }),
      };
    },
  },
});

interface Measure {
  measure: (typeof measures)[number];
  compare: "as written" | "without case" | "VQA words";
  tolerance: number;
  threshold: number;
}

function measured(answer: string, right: readonly string[], params: Measure): number {
  switch (params.measure) {
    case "exact match":
      return exactMatch(answer, right, params.compare);
    case "VQA accuracy":
      return vqaAccuracy(answer, right);
    case "relaxed accuracy":
      return relaxedMatch(answer, right, params.tolerance);
    case "ANLS":
      return levenshteinSimilarity(answer, right, params.threshold);
  }
}

function annotatorsOf(text: string, row: number, measure: Measure["measure"]): string[] {
  const answers = rightAnswers(text, `Question ${row + 1}`);
  if (measure === "VQA accuracy" && answers.length < 2)
    throw Object.assign(new Error(`Question ${row + 1} has one right answer; VQA accuracy compares annotators.`), {
      hint: "Wire JSON lists with the answers of all annotators, or measure the exact match in VQA words.",
    });
  return answers;
}
