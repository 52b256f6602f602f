/** A thousand runs that are over, and among them those that have curves. */
import { random } from "#models/random";
import { openDb } from "#server/db";
import { graph } from "./graphs";

export const manyRuns = { count: 1000, curves: 50, points: 10_000 };

/** Puts them into a database; the ids of those with curves. */
export async function seedManyRuns(url: string): Promise<string[]> {
  const { count, curves } = manyRuns;
  const db = openDb(url);
  const start = Date.UTC(2026, 0, 1);
  const at = (i: number) => new Date(start + i * 1000);
  await db.run.createMany({
    data: Array.from({ length: count - curves }, (_, i) => ({
      name: `run ${i}`,
      document: graph({ trainer: ["train.trainer", { lr: i / 1000 }] }),
      status: (["done", "failed", "cancelled"] as const)[i % 3],
      numbers: i % 3 ? {} : { "score.accuracy": i / count },
      ...{ createdAt: at(i), startedAt: at(i), finishedAt: at(i + 60) },
    })),
  });
  const ids: string[] = [];
  for (let i = 0; i < curves; i++) {
    const values = fallingCurve(i);
    const x = { label: "step", values: values.map((_, step) => step + 1) };
    const series = { x, lines: [{ name: "loss", values }] };
    const { id } = await db.run.create({
      data: {
        name: `curve ${i}`,
        document: graph({ trainer: ["train.trainer", { lr: i / 1000 }] }),
        status: "done",
        numbers: {},
        result: { outputs: { trainer: { curve: { type: "series", value: series } } }, ran: [], cached: [] },
        ...{ createdAt: at(2000 + i), startedAt: at(2000 + i), finishedAt: at(2060 + i) },
      },
      select: { id: true },
    });
    ids.push(id);
  }
  await db.$disconnect();
  return ids;
}

/** A loss that falls and trembles. */
export function fallingCurve(place: number): number[] {
  const draw = random(`curve ${place}`);
  let level = 4;
  return Array.from({ length: manyRuns.points }, () => (level = level * 0.9997 + 0.02 * draw.normal()));
}
