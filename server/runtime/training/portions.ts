/** The rows that take part in a stage, by the names of the sources that they are from. */
import { matches } from "#models/patterns";
import type { Portion } from "#models/train/sampler";
import type { Stage } from "#nodes/core/host";
import { namesOf } from "#nodes/core/wording";
import { Failure } from "../../errors";

interface PortionSpec {
  /** The trainer, for messages. */
  node: string;
  stage: Stage;
  /** The name of each row's source. */
  origins: readonly string[] | undefined;
}

/** The portions that a stage names, each with its rows; nothing where all rows take part. */
export function portionsOf({ node, stage, origins }: PortionSpec): Portion[] | undefined {
  if (!stage.data.length) return undefined;
  const patterns = stage.data.map(({ pattern }) => pattern);
  if (!origins)
    throw new Failure({
      node,
      port: "source",
      message: `The stage “${stage.name}” takes rows of ${namesOf(patterns)}, and nothing says where rows are from.`,
      hint: "Wire the name of each row's source, such as the source of Conversations, or leave its data empty.",
    });
  const rows = stage.data.map((): number[] => []);
  const places = new Map<string, number>();
  for (const [row, name] of origins.entries()) {
    const place = places.get(name) ?? patterns.findIndex((pattern) => matches(name, [pattern]));
    places.set(name, place);
    rows[place]?.push(row);
  }
  const empty = rows.findIndex((list) => list.length === 0);
  if (empty >= 0)
    throw new Failure({
      node,
      port: "source",
      message: `No row is from “${patterns[empty]}”, which the stage “${stage.name}” takes rows of.`,
      hint: `There are ${namesOf([...places.keys()])}; the first pattern that fits a name counts.`,
    });
  return stage.data.map(({ share }, i) => {
    const own = Uint32Array.from(rows[i] as number[]);
    return { rows: own, share: share ?? own.length };
  });
}
