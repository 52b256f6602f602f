/**
 * The claims of LLaVA-OneVision in small: `npm run claims -- ov-1 [steps] [seeds]` runs the arms of a claim, each with
 * three seeds, and prints a table of right answers by kind of question. docs/systems/llava-onevision.md says what each
 * compares and what was found. OV-3 and OV-4 need what `patchbay fetch smollm2` and `patchbay fetch easy-vqa` bring.
 */
import { execFileSync } from "node:child_process";

/** What is changed in a template: --set's arguments. */
type Changes = readonly string[];
interface Claim {
  template: string;
  steps: number;
  /** The arms by their names; how many steps there are is known when they are made. */
  arms(steps: number): Readonly<Record<string, Changes>>;
}

/** Every stage trains with the same rates and in the same time; what differs is which part comes first, and how. */
const stages = (...rows: readonly object[]): string => `trainer.stages=${JSON.stringify(rows)}`;
const questions = "colour=1, shape=1, yes or no=3";
const everything = `caption=2, ${questions}`;

/** Two stages, a quarter of the steps for the first one. */
function twoStages(steps: number, trains: readonly [first: string, second: string]): string {
  const first = Math.round(steps / 4);
  return stages(
    { name: "captions", steps: first, trains: trains[0], data: "caption" },
    { name: "questions", steps: steps - first, trains: trains[1], data: questions },
  );
}

const claims: Readonly<Record<string, Claim>> = {
  "ov-1": {
    template: "llava-from-nothing",
    steps: 1500,
    arms: (steps) => ({
      "base only": [`trainer.steps=${steps}`, "tiler.mode=flat", "test_tiler.mode=flat"],
      AnyRes: [`trainer.steps=${steps}`],
    }),
  },
  "ov-3": {
    template: "llava-train-two-stages",
    steps: 640,
    arms: (steps) => ({
      "projector first": [twoStages(steps, ["projector*=3", "*"])],
      "all at once": [stages({ name: "all", steps, trains: "*", data: everything })],
    }),
  },
  "ov-4": {
    template: "llava-train-two-stages",
    steps: 640,
    arms: (steps) => ({
      "tower frozen": [twoStages(steps, ["projector*=3", "*"])],
      "tower at a fifth": ["frozen.names=none", twoStages(steps, ["projector*=3", "vision*=0.2, *"])],
      "tower at the same rate": ["frozen.names=none", twoStages(steps, ["projector*=3", "*"])],
    }),
  },
};

const [name = "ov-1", steps, seeds = "0,1,2"] = process.argv.slice(2);
const claim = claims[name];
if (!claim) throw new Error(`There is no claim “${name}”: ${Object.keys(claims).join(", ")} are known.`);
console.log(`${name}: ${claim.template}, ${steps ?? claim.steps} steps, seeds ${seeds}`);
for (const [arm, changes] of Object.entries(claim.arms(Number(steps ?? claim.steps)))) {
  for (const seed of seeds.split(","))
    console.log(lineOf(arm, seed, measured(claim.template, [...changes, `trainer.seed=${seed}`])));
}

interface Ranked {
  items: { name: string; labels: { label: string; score: number }[] }[];
}
interface Measured {
  score: number;
  byType: Ranked;
}

/** Runs a template to its VQA evaluation. */
function measured(template: string, changes: Changes): Measured {
  const sets = changes.flatMap((change) => ["--set", change]);
  const command = ["--import", "tsx", "server/cli.ts", "run", template, ...sets, "--target", "vqa", "--json"];
  const text = execFileSync(process.execPath, command, { maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "inherit"] });
  const { outputs } = JSON.parse(text.toString()) as { outputs: { vqa: Measured } };
  return outputs.vqa;
}

function lineOf(arm: string, seed: string, { score, byType }: Measured): string {
  const kinds = byType.items.map(({ name: kind, labels }) => `${kind} ${percent(labels[0]?.score ?? 0)}`);
  return `${arm.padEnd(24)} seed ${seed}  all ${percent(score)}  ${kinds.sort().join("  ")}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
