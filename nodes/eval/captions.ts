import * as z from "zod";
import { CaptionScores } from "#models/answers/caption-scores";
import { rightAnswers, shortList } from "#models/answers/right-answers";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { firstFilesOf } from "../core/row-pictures";
import type { Gallery, ImageBatch, ImageFile } from "../core/values";

export const captions = defineNode({
  type: "eval.captions",
  title: "Caption evaluation",
  description: "How near captions are to those that people wrote: CIDEr-D, BLEU-4 and ROUGE-L.",
  synonyms: ["COCO caption metrics"],
  docs: `A row of \`reference\` is one caption, or a JSON list of several, of texts or of objects with \`caption\` as
COCO's annotations are. Words are the Penn Treebank's in small letters without punctuation (coco-caption).

- *CIDEr-D* (Vedantam et al. 2015, eq. 3; pycocoevalcap): cosines of counts of one to four words, weighted by how rare
  they are among the references of all rows; from 0 to 10. Papers tell a hundred times its tenth, so 1.33 is “133”
- *BLEU-1* to *BLEU-4* (Papineni et al. 2002): of the whole set, a fraction of 1
- *ROUGE-L* (Lin 2004) with β = 1.2: the mean of rows, a fraction of 1

\`worst\` shows the rows of the lowest CIDEr-D.`,
  version: 1,
  inputs: {
    caption: port.text({ shape: ["N"], doc: "What the model said." }),
    reference: port.text({ shape: ["N"], doc: "What people said: a caption, or a JSON list of captions." }),
    image: port.image({ shape: ["N", "*", "*"], optional: true, doc: "Shown with the worst rows." }),
  },
  outputs: {
    cider: port.number({ doc: "The mean CIDEr-D." }),
    bleu4: port.number({ doc: "BLEU-4, a fraction of 1." }),
    rougeL: port.number({ doc: "ROUGE-L, a fraction of 1." }),
    bleu: port.tensor({ dtype: "float32", shape: [4], doc: "BLEU-1 to BLEU-4." }),
    scores: port.tensor({ dtype: "float32", shape: ["N"], doc: "CIDEr-D of each row." }),
    worst: port.gallery({ doc: "Pictures with caption, references and ROUGE-L." }),
  },
  params: {
    shown: z.int().min(0).max(1000).default(60).meta({ label: "Worst rows", unit: "at most", advanced: true }),
  },
  reduce: {
    rows: ["caption", "reference", "image"],
    start({ host, params }) {
      const scores = new CaptionScores();
      const worst = new WorstRows(host, params.shown);
      return {
        async add({ caption, reference, image }, first) {
          const rows = caption.map((said, row) => {
            const references = rightAnswers(reference[row] ?? "", `Row ${first + row + 1}`);
            const likeness = scores.add(said, references);
            return { row, likeness, text: `${said || "–"}\nright: ${shortList(references)}` };
          });
          await worst.add(rows, image);
        },
        finish() {
          const ofRows = scores.ciderD();
          const bleu = Float32Array.from(scores.bleu());
          return {
            cider: ofRows.reduce((sum, score) => sum + score, 0) / (ofRows.length || 1),
            bleu4: bleu.at(-1) as number,
            rougeL: scores.rougeL(),
            bleu: { dtype: "float32", shape: [bleu.length], data: bleu },
            scores: { dtype: "float32", shape: [ofRows.length], data: Float32Array.from(ofRows) },
            worst: worst.gallery(),
          };
        },
      };
    },
  },
});

/** A caption with what it should have said, and how near it came. */
interface SaidRow {
  /** Its row in the chunk that is given with it. */
  row: number;
  likeness: number;
  text: string;
}

/** The rows that came least near, worst first, with their pictures. */
class WorstRows {
  #kept: { likeness: number; text: string; file: ImageFile }[] = [];

  constructor(
    readonly host: Host,
    readonly most: number,
  ) {}

  async add(rows: readonly SaidRow[], images: ImageBatch | undefined): Promise<void> {
    if (!images || !this.most) return;
    const isFull = this.#kept.length === this.most;
    const bar = isFull ? (this.#kept.at(-1)?.likeness ?? 0) : Number.POSITIVE_INFINITY;
    const worse = rows.filter(({ likeness }) => likeness < bar).sort((a, b) => a.likeness - b.likeness);
    const shown = worse.slice(0, this.most);
    const files = await firstFilesOf(
      this.host,
      images,
      shown.map(({ row }) => row),
    );
    const added = shown.flatMap(({ row, likeness, text }) => {
      const file = files.get(row);
      return file ? [{ likeness, text, file }] : [];
    });
    this.#kept = [...this.#kept, ...added].sort((a, b) => a.likeness - b.likeness).slice(0, this.most);
  }

  gallery(): Gallery {
    return {
      images: this.#kept.map(({ file }) => file),
      captions: this.#kept.map(({ text, likeness }) => `${text}\nROUGE-L ${likeness.toFixed(3)}`),
    };
  }
}
