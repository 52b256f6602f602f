/** What evaluations of answers have in common: scores by type of question, and cases that went wrong. */
import type { Host } from "./host";
import { filesOf } from "./row-pictures";
import type { Gallery, ImageBatch, Ranking } from "./values";
import { counted } from "./wording";

/** Mean scores of questions by their type, and of all. */
export class QuestionScores {
  readonly #sums = new Map<string, { sum: number; count: number }>();
  /** Of each question, in order. */
  readonly scores: number[] = [];

  add(score: number, type: string): void {
    const known = this.#sums.get(type) ?? { sum: 0, count: 0 };
    this.#sums.set(type, { sum: known.sum + score, count: known.count + 1 });
    this.scores.push(score);
  }

  get mean(): number {
    return this.scores.reduce((sum, score) => sum + score, 0) / (this.scores.length || 1);
  }

  /** An item for each type, those with most questions first. */
  byType(): Ranking {
    const types = [...this.#sums].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1));
    const items = types.map(([name, { sum, count }]) => ({
      name,
      labels: [{ label: counted(count, "question", "questions"), score: sum / count }],
    }));
    return { items };
  }
}

/** A question that was answered wrongly. */
export interface WrongCase {
  /** Its row in the chunk that is given with it. */
  row: number;
  question: string | undefined;
  answer: string;
  truth: string;
}

/** The first wrong answers, each with its picture: as many as are to be shown. */
export class WrongCases {
  readonly #gallery: Gallery = { images: [], captions: [] };

  constructor(
    readonly host: Host,
    readonly most: number,
  ) {}

  async add(cases: readonly WrongCase[], image: ImageBatch | undefined): Promise<void> {
    const shown = cases.slice(0, this.most - this.#gallery.images.length);
    if (!image || !shown.length) return;
    const files = await filesOf(
      this.host,
      image,
      shown.map(({ row }) => row),
    );
    for (const { row, question, answer, truth } of shown) {
      const file = files.get(row);
      if (!file) continue;
      this.#gallery.images.push(file);
      const lines = [question, `answer: ${answer || "–"}`, `right: ${truth}`];
      this.#gallery.captions.push(lines.filter((line) => line !== undefined).join("\n"));
    }
  }

  gallery(): Gallery {
    return this.#gallery;
  }
}
