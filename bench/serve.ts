/**
 * What the HTTP API carries: `npm run -s bench:serve`. Starts the product; 50 clients send a picture each, over and
 * over, to a served graph that embeds pictures; the same model is called in a loop in one process; and 200 who watch
 * hang on one run. `--seconds`, `--clients`; `--runs` has each request be a run of its own instead.
 */
import { execFile, spawnSync } from "node:child_process";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { createGraph, startProduct } from "#tests/kit/product";
import { tinyClip } from "#tests/kit/graphs";
import type { GraphDocument } from "#nodes/graph/document";
import type { Load, Loaded } from "./serve/clients";
import { embeddings } from "./serve/embeddings";
import { memoryText, processesOf } from "./serve/processes";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    clients: { type: "string", default: "50" },
    viewers: { type: "string", default: "200" },
    runs: { type: "boolean", default: false },
  },
});
const [seconds, clients, viewers] = [values.seconds, values.clients, values.viewers].map(Number) as [
  number,
  number,
  number,
];
const product = await startProduct({ HOST: "127.0.0.1" });
console.log(`at rest                  ${memoryText(processesOf(product))}`);
try {
  const id = await namedGraph(embeddings);
  if (!values.runs) await json("PUT", `/graphs/${id}/service`, { outputs: ["norm.embedding"] });
  const before = calledInALoop();
  const rate = await underLoad(id);
  const after = calledInALoop();
  console.log(`in a loop, one process   ${before.toFixed(1)} pictures/s before, ${after.toFixed(1)} after`);
  console.log(`of its mean              ${((2 * rate) / (before + after)).toFixed(2)}`);
  await watched();
} finally {
  await product.stop();
}

function calledInALoop(): number {
  const { stdout } = spawnSync(process.execPath, ["--import", "tsx", "bench/serve/loop.ts", "15"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return Number(stdout);
}

/** Pictures a second. */
async function underLoad(id: string): Promise<number> {
  const before = processesOf(product);
  const { took, wrong, seconds: lasted, cpu } = await load(id);
  const after = processesOf(product);
  const rate = took.length / lasted;
  took.sort((a, b) => a - b);
  const at = (share: number) => `${Math.round(took[Math.floor(took.length * share)] ?? 0)} ms`;
  const each = (spent: number) => `${((spent * 1000) / took.length).toFixed(2)} ms`;
  const spent = after.map(({ name, cpu: now }, i) => `${name} ${each(now - (before[i]?.cpu ?? 0))}`);
  console.log(`${clients} clients, ${seconds} s      ${rate.toFixed(1)} pictures/s`);
  console.log(`                         median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, ${took.length} calls`);
  console.log(`computed for a call      ${spent.join("; ")}; clients ${each(cpu)}`);
  const errors = Object.entries(wrong).map(([what, count]) => `${count} × ${what}`);
  console.log(`errors                   ${errors.join("; ") || "none"}`);
  console.log(`memory                   ${memoryText(after)}`);
  return rate;
}

/** Has the clients call from a process of their own. */
async function load(id: string): Promise<Loaded> {
  const asked: Load = {
    port: Number(new URL(product.url).port),
    path: `/api/v1/graphs/${id}/runs?wait=60`,
    clients,
    seconds,
  };
  const args = ["--import", "tsx", "bench/serve/clients.ts", JSON.stringify(asked)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout);
}

/** Many who watch one run that goes on. */
async function watched(): Promise<void> {
  const id = await namedGraph(tinyClip({ steps: 100_000, lr: 0.0001 }));
  const run = (await json("POST", `/graphs/${id}/runs`, {})) as { id: string };
  const heard = Array.from({ length: viewers }, () => 0);
  const streams = heard.map((_, i) => watch(`/api/v1/runs/${run.id}/events`, () => (heard[i] = (heard[i] ?? 0) + 1)));
  await sleep(20_000);
  const least = Math.min(...heard);
  console.log(`${viewers} viewers of one run    each heard ${least} to ${Math.max(...heard)} events in 20 s`);
  console.log(`memory                   ${memoryText(processesOf(product))}`);
  await json("DELETE", `/runs/${run.id}`);
  for (const stream of streams) stream.destroy();
}

function watch(path: string, heard: () => void): http.ClientRequest {
  const request = http.get(product.url + path, (response) => {
    response.on("data", (part: Buffer) => {
      for (const _ of part.toString().matchAll(/^id: /gm)) heard();
    });
    response.on("error", () => {});
  });
  return request.on("error", () => {});
}

async function namedGraph(document: GraphDocument): Promise<string> {
  const id = (await createGraph(product.url, document)).split("/").at(-1) as string;
  const answer = await fetch(`${product.url}/api/trpc/graphs.nameVersion`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ json: { id, label: "served" } }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return id;
}

async function json(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${product.url}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}
