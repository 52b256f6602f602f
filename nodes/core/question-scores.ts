/** What evaluations of answers have in common: scores by type of question, and cases that went wrong. */
import type { Host } from "./host";
import { firstFilesOf } from "./row-pictures";
import type { Gallery, ImageBatch, ImageFile, Ranking } from "./values";
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
  /** Its row in the chunk that is given with it, or its picture where that came before. */
  row: number;
  file?: ImageFile;
  question: string | undefined;
  answer: string;
  truth: string;
}

/** The first wrong answers, each with the first picture of its row: as many as are to be shown. */
export class WrongCases {
  readonly #gallery: Gallery = { images: [], captions: [] };

  constructor(
    readonly host: Host,
    readonly most: number,
  ) {}

  /** Whether no more are shown. */
  get isFull(): boolean {
    return this.#gallery.images.length >= this.most;
  }

  async add(cases: readonly WrongCase[], images: ImageBatch | undefined): Promise<void> {
    const shown = cases.slice(0, this.most - this.#gallery.images.length);
    if (!images || !shown.length) return;
    const rows = shown.filter(({ file }) => !file).map(({ row }) => row);
    const files = await firstFilesOf(this.host, images, rows);
    for (const { row, question, answer, truth, ...known } of shown) {
      const file = known.file ?? files.get(row);
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
