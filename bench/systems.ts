/**
 * A training step of each system's template beside the same step in eager PyTorch (bench/torch/systems.py): the
 * template's sizes and batch, the same threads, in turns. Ours has one batch of the template's data, PyTorch one that
 * is drawn; both draw masks and negatives.
 * `npm run bench:systems -- [rounds] [steps a round] [templates …]`
 */
import { readFileSync } from "node:fs";
import { besideTorch } from "./beside-torch";

const templates = [
  "clip-vit-train",
  "clip-resnet-train",
  "align-train",
  "vilt",
  "albef-pretrain",
  "vlmo",
  "blip-pretrain",
  "mae-pretrain",
];
const [rounds = "7", steps = "4", ...only] = process.argv.slice(2);

for (const template of only.length ? only : templates) {
  const { constants } = JSON.parse(readFileSync(`nodes/templates/${template}.json`, "utf8")) as {
    constants: Record<string, { value: unknown }>;
  };
  const values = Object.fromEntries(Object.entries(constants).map(([name, { value }]) => [name, value]));
  await besideTorch({
    bench: "systems",
    model: template,
    ours: "bench/systems/ours.ts",
    torch: "bench/torch/systems.py",
    settings: [values],
    name: template,
    rounds: Number(rounds),
    steps: Number(steps),
  });
}
process.exit(0);
