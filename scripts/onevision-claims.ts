/**
 * The claims of LLaVA-OneVision in small: `npm run claims -- ov-1 [steps] [seeds]` runs the arms of a claim, each with
 * three seeds, and prints right answers by kind of question, then a table; `npm run claims` all of them. What every arm
 * begins from is trained first, once. Results are kept in the data folder's `claims`, with a picture of the curves.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GraphDocument } from "../nodes/graph/document";
import { openEngine, usingCache } from "../server/cli/engine";
import { writeOutputs } from "../server/cli/write-outputs";
import { env } from "../server/env";
import { execute } from "../server/runtime/execute";
import { type Claim, claims } from "./onevision-claims/claims";
import { armGraph, baseGraph } from "./onevision-claims/graph";
import { lineOf, type Measured, measuredIn, resultFile } from "./onevision-claims/results";
import { curvesOf, tableOf } from "./onevision-claims/tables";

const folder = join(env().data, "claims");
mkdirSync(folder, { recursive: true });
const engine = { ...openEngine({ provider: "cpu", json: true }), folders: [folder] };

await usingCache(runClaims)(...process.argv.slice(2));

async function runClaims(name?: string, steps?: string, seeds = "0,1,2"): Promise<void> {
  if (!existsSync(join(folder, "base.safetensors"))) await trainBase();
  // Seed after seed, so that each claim has an answer early.
  for (const seed of seeds.split(",").map(Number)) {
    for (const id of name ? [name] : Object.keys(claims)) await runClaim(id, seed, steps);
  }
  for (const id of name ? [name] : Object.keys(claims)) tell(id, seeds.split(",").map(Number), steps);
}

/** The table of a claim, and its curves in a file. */
function tell(id: string, seeds: readonly number[], steps?: string): void {
  const claim = claimNamed(id);
  const count = Number(steps ?? claim.steps);
  const arms = Object.keys(claim.arms(count)).map((arm) => ({
    arm,
    runs: seeds.map((seed) => keptResult({ id, arm, seed, steps: count })),
  }));
  writeFileSync(join(folder, `${id}.svg`), curvesOf(`${id.toUpperCase()}: loss`, arms));
  console.log(`\n${id}: ${claim.says}\n\n${tableOf(arms)}`);
}

function keptResult(run: Parameters<typeof resultFile>[0]): Measured {
  return JSON.parse(readFileSync(join(folder, resultFile(run)), "utf8")) as Measured;
}

function claimNamed(id: string): Claim {
  const claim = claims[id];
  if (!claim) throw new Error(`There is no claim “${id}”: ${Object.keys(claims).join(", ")} are known.`);
  return claim;
}

async function runClaim(id: string, seed: number, steps?: string): Promise<void> {
  const claim = claimNamed(id);
  const count = Number(steps ?? claim.steps);
  for (const [arm, changes] of Object.entries(claim.arms(count))) {
    const file = join(folder, resultFile({ id, arm, seed, steps: count }));
    if (!existsSync(file)) {
      const graph = armGraph(folder, [claim.setting, changes], seed);
      writeFileSync(file, JSON.stringify(await measuredOf(graph)));
    }
    console.log(`${id}  ${lineOf(arm, seed, keptResult({ id, arm, seed, steps: count }))}`);
  }
}

async function trainBase(): Promise<void> {
  const out = join(folder, "base");
  mkdirSync(out, { recursive: true });
  const measured = await measuredOf(baseGraph(), out);
  renameSync(join(out, "trainer.weights.safetensors"), join(folder, "base.safetensors"));
  console.log(lineOf("what all begin from", 0, measured));
}

/** Trains and measures; what comes out is written into a folder, where one is given. */
async function measuredOf(document: GraphDocument, out?: string): Promise<Measured> {
  const { status, error, outputs } = await execute({ ...engine, document, targets: ["vqa", "trainer"] });
  if (status !== "done") throw new Error(`A run ended with “${status}”: ${error?.message}`);
  return measuredIn(await writeOutputs(outputs, out, engine.blobs));
}
