import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { QuestionScores, type WrongCase, WrongCases } from "../core/question-scores";
import { firstFilesOf } from "../core/row-pictures";
import type { ImageFile, Tensor } from "../core/values";

export const vqaChoice = defineNode({
  type: "eval.vqa-choice",
  title: "Choice by likelihood",
  description: "Multiple choice: how often the right option is the one that a language model finds most likely.",
  synonyms: ["ScienceQA", "multiple-choice accuracy"],
  docs: `Rows are those of *Options as rows*, each with the \`likelihood\` of its answer by *Sequence likelihood*. A
question is answered rightly when its right option's is above that of every other; a tie counts against it.

Compared are the sums of log p as they are, or by token, or by letter, so that long options do not lose for being long
(\`acc\` and \`acc_norm\` of lm-evaluation-harness, which counts bytes where here letters are counted). \`wrong\` shows
the first questions that were answered wrongly.`,
  version: 1,
  inputs: {
    likelihood: port.tensor({ dtype: "float32", shape: ["M"], doc: "Of each option's answer, in nats." }),
    tokens: port.tensor({ dtype: "float32", shape: ["M"], optional: true, doc: "How many tokens each answer has." }),
    row: port.text({ shape: ["M"], doc: "Names the question; rows of one question follow one another." }),
    option: port.text({ shape: ["M"] }),
    truth: port.text({ shape: ["M"], doc: "The question's right option." }),
    question: port.text({ shape: ["M"], optional: true, doc: "Shown with the wrong cases." }),
    type: port.text({ shape: ["M"], optional: true, doc: "The type of each question." }),
    images: port.image({ shape: ["P", "*", "*"], packed: "M", optional: true, doc: "Shown with the wrong cases." }),
  },
  outputs: {
    score: port.number({ doc: "Fraction of questions." }),
    byType: port.ranking({ doc: "Of each type of question, those with most questions first." }),
    wrong: port.gallery({ doc: "Pictures with question, choice and truth." }),
    choice: port.text({ shape: ["N"], doc: "The most likely option of each question." }),
    chance: port.number({ doc: "What guessing reaches: the mean of 1 / options." }),
    questions: port.number({ doc: "How many there were." }),
  },
  params: {
    by: z.enum(["answer", "token", "letter"]).default("answer").meta({ label: "Likelihood of a whole" }),
    shown: z.int().min(0).max(1000).default(60).meta({ label: "Wrong cases", unit: "at most", advanced: true }),
  },
  reduce: {
    rows: ["likelihood", "tokens", "row", "option", "truth", "question", "type", "images"],
    start({ host, params }) {
      const questions = new QuestionScores();
      const wrong = new WrongCases(host, params.shown);
      const choices: string[] = [];
      let chances = 0;
      let open: OpenQuestion | undefined;
      const answered = (done: OpenQuestion): WrongCase | undefined => {
        const best = bestOf(done);
        choices.push(best.option);
        chances += 1 / done.options.length;
        questions.add(best.isAlone && best.option === done.truth ? 1 : 0, done.type);
        if (best.isAlone && best.option === done.truth) return undefined;
        return { row: done.last, file: done.file, question: done.question, answer: best.option, truth: done.truth };
      };
      return {
        async add(rows) {
          const cases: (WrongCase | undefined)[] = [];
          for (const [i, name] of rows.row.entries()) {
            if (open && open.name !== name) cases.push(answered(open));
            if (open?.name !== name)
              open = { name, options: [], last: i, truth: rows.truth[i] ?? "", type: rows.type?.[i] ?? "all" };
            open.question = rows.question?.[i];
            open.last = i;
            open.file = undefined;
            const option = rows.option[i] ?? "";
            open.options.push({ option, value: comparedBy(params.by, rows, i, option) });
          }
          await wrong.add(
            cases.filter((found) => found !== undefined),
            rows.images,
          );
          // The question that is open may end in the next chunk, which has not its picture.
          if (open && rows.images && !wrong.isFull)
            open.file = (await firstFilesOf(host, rows.images, [open.last])).get(open.last);
        },
        async finish() {
          const last = open && answered(open);
          if (last?.file) await wrong.add([last], { files: [] });
          return {
            score: questions.mean,
            byType: questions.byType(),
            wrong: wrong.gallery(),
            choice: choices,
            chance: chances / (choices.length || 1),
            questions: choices.length,
          };
        },
      };
    },
  },
});

/** A question of which not all options may have come. */
interface OpenQuestion {
  name: string;
  options: { option: string; value: number }[];
  truth: string;
  type: string;
  question?: string;
  /** Its last row in the chunk, and its picture where that chunk is over. */
  last: number;
  file?: ImageFile;
}

/** The most likely option, and whether no other is as likely. */
function bestOf({ options }: OpenQuestion): { option: string; isAlone: boolean } {
  const most = Math.max(...options.map(({ value }) => value));
  const best = options.filter(({ value }) => value === most);
  return { option: best[0]?.option ?? "", isAlone: best.length === 1 };
}

function comparedBy(
  by: "answer" | "token" | "letter",
  { likelihood, tokens }: { likelihood: Tensor; tokens?: Tensor },
  row: number,
  option: string,
): number {
  const sum = Number(likelihood.data[row]);
  if (!Number.isFinite(sum)) throw new Error(`The likelihood of “${option}” is no finite number.`);
  if (by === "answer") return sum;
  if (by === "letter") return sum / Math.max(1, [...option].length);
  if (!tokens)
    throw Object.assign(new Error("The likelihood by token needs the number of tokens of each answer."), {
      hint: "Wire the tokens of Sequence likelihood, or compare whole answers.",
    });
  return sum / Math.max(1, Number(tokens.data[row]));
}
