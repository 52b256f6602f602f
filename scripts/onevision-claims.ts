/**
 * The claims of LLaVA-OneVision in small: `npm run claims -- ov-1 [steps] [seeds]` runs the arms of a claim, each with
 * three seeds, and prints right answers by kind of question; `npm run claims` all of them. What every arm begins from
 * is trained first, once. Results are kept in the data folder's `claims`, where docs/systems/llava-onevision.md's
 * tables and curves are made of them (onevision-claims/tables.ts).
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "../server/env";
import { claims } from "./onevision-claims/claims";
import { armGraph, baseGraph, type GraphFile } from "./onevision-claims/graph";
import { lineOf, type Measured, measuredIn, resultFile } from "./onevision-claims/results";

const folder = join(env().data, "claims");
mkdirSync(folder, { recursive: true });

const [name, steps, seeds = "0,1,2"] = process.argv.slice(2);
const names = name ? [name] : Object.keys(claims);
if (!existsSync(join(folder, "base.safetensors"))) trainBase();
// Seed after seed, so that each claim has an answer early.
for (const seed of seeds.split(",").map(Number)) {
  for (const id of names) runClaim(id, seed);
}

function runClaim(id: string, seed: number): void {
  const claim = claims[id];
  if (!claim) throw new Error(`There is no claim “${id}”: ${Object.keys(claims).join(", ")} are known.`);
  const count = Number(steps ?? claim.steps);
  for (const [arm, changes] of Object.entries(claim.arms(count))) {
    const file = join(folder, resultFile({ id, arm, seed, steps: count }));
    if (!existsSync(file)) {
      const graph = armGraph(folder, [claim.setting, changes], seed);
      writeFileSync(file, JSON.stringify(measuredIn(runGraph(graph, ["vqa", "trainer"]))));
    }
    const measured = JSON.parse(readFileSync(file, "utf8")) as Measured;
    console.log(`${id}  ${lineOf(arm, seed, measured)}`);
  }
}

function trainBase(): void {
  const out = join(folder, "base");
  const measured = measuredIn(runGraph(baseGraph(), ["vqa", "trainer"], ["--out", out]));
  renameSync(join(out, "trainer.weights.safetensors"), join(folder, "base.safetensors"));
  console.log(lineOf("what all begin from", 0, measured));
}

/** What a run of the command line prints as JSON. */
function runGraph(graph: GraphFile, targets: readonly string[], more: readonly string[] = []): unknown {
  const file = join(folder, "graph.json");
  writeFileSync(file, JSON.stringify(graph));
  const args = [file, ...targets.flatMap((target) => ["--target", target]), ...more, "--json"];
  const text = execFileSync(process.execPath, ["--import", "tsx", "server/cli.ts", "run", ...args], {
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PATCHBAY_FOLDERS: [process.env.PATCHBAY_FOLDERS, folder].filter(Boolean).join(",") },
  });
  return JSON.parse(text.toString());
}
