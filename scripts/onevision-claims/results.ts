/** What runs of the claims give, and how it is told. */
import { readFileSync } from "node:fs";

/** What is kept of an arm's run: right answers by kind of question, and the loss by step. */
export interface Measured {
  score: number;
  /** Shares of right answers. */
  kinds: Record<string, number>;
  loss: number[];
}

interface Curve {
  lines: { name: string; values: number[] }[];
}

interface Outputs {
  vqa: { score: number; byType: { items: { name: string; labels: { score: number }[] }[] } };
  trainer: { curve: Curve | { artifact: string } };
}

/** Of the outputs of evaluation and trainer, as the command line shows them. */
export function measuredIn(outputs: object): Measured {
  const { vqa, trainer } = outputs as Outputs;
  const kinds = vqa.byType.items.map(({ name, labels }) => [name, labels[0]?.score ?? 0] as const);
  return { score: vqa.score, kinds: Object.fromEntries(kinds), loss: lossIn(trainer.curve) };
}

function lossIn(curve: Outputs["trainer"]["curve"]): number[] {
  const { lines } = "artifact" in curve ? (JSON.parse(readFileSync(curve.artifact, "utf8")) as Curve) : curve;
  return lines.find(({ name }) => name === "loss")?.values ?? [];
}

/** Where an arm's result is kept. */
export function resultFile({ id, arm, seed, steps }: { id: string; arm: string; seed: number; steps: number }): string {
  return `${id}.${arm.replaceAll(/\W+/g, "-").toLowerCase()}.${steps}-steps.seed-${seed}.json`;
}

export function lineOf(arm: string, seed: number, { score, kinds }: Measured): string {
  const shares = Object.entries(kinds).map(([kind, share]) => `${kind} ${percent(share)}`);
  return `${arm.padEnd(22)} seed ${seed}  all ${percent(score)}  ${shares.sort().join("  ")}`;
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
