/**
 * What the HTTP API carries: `npm run -s bench:serve`. Starts the product; 50 clients send a picture each, over and
 * over, to a served graph that embeds pictures; the same model is called in a loop in one process; and 200 who watch
 * hang on one run. `--seconds`, `--clients`; `--runs` has each request be a run of its own instead.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createGraph, type Product, startProduct } from "#tests/kit/product";
import { tinyClip } from "#tests/kit/graphs";
import type { GraphDocument } from "#nodes/graph/document";
import { embeddings, pictures } from "./serve/embeddings";

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
const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const product = await startProduct({ HOST: "127.0.0.1" });
try {
  const id = await namedGraph(embeddings);
  if (!values.runs) await json("PUT", `/graphs/${id}/service`, { outputs: ["norm.embedding"] });
  const loop = calledInALoop();
  console.log(`in a loop, one process   ${loop.toFixed(1)} pictures/s`);
  await underLoad(id, loop);
  await watched();
} finally {
  await product.stop();
}

function calledInALoop(): number {
  const { stdout } = spawnSync(process.execPath, ["--import", "tsx", "bench/serve/loop.ts", "20"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return Number(stdout);
}

async function underLoad(id: string, loop: number): Promise<void> {
  const bodies = (await pictures()).map(formOf);
  const path = `/api/v1/graphs/${id}/runs?wait=60`;
  await send(path, bodies[0] as Form); // models are loaded with the first call
  const took: number[] = [];
  const wrong = new Map<string, number>();
  const end = performance.now() + seconds * 1000;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let i = client; performance.now() < end; i++) {
        const start = performance.now();
        const { status, text } = await send(path, bodies[i % bodies.length] as Form);
        took.push(performance.now() - start);
        if (status !== 200 || !text.includes('"status":"done"'))
          wrong.set(`${status} ${text.slice(0, 200)}`, (wrong.get(`${status}`) ?? 0) + 1);
      }
    }),
  );
  const rate = took.length / ((performance.now() - began) / 1000);
  took.sort((a, b) => a - b);
  const at = (share: number) => `${Math.round(took[Math.floor(took.length * share)] ?? 0)} ms`;
  console.log(
    `${clients} clients, ${seconds} s      ${rate.toFixed(1)} pictures/s, ${(rate / loop).toFixed(2)} of that`,
  );
  console.log(`                         median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, ${took.length} calls`);
  console.log(
    `errors                   ${[...wrong].map(([what, count]) => `${count} × ${what}`).join("; ") || "none"}`,
  );
  console.log(`memory                   ${memoryOf(product)}`);
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
  console.log(`memory                   ${memoryOf(product)}`);
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

interface Form {
  body: Buffer;
  type: string;
}

function formOf(picture: Buffer): Form {
  const boundary = "----patchbay-bench";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="load.images"; filename="p.png"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), picture, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}

function send(path: string, { body, type }: Form): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const headers = { "content-type": type, "content-length": body.length };
    const request = http.request(product.url + path, { method: "POST", agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    });
    request.on("error", (error) => resolve({ status: 0, text: error.message }));
    request.end(body);
  });
}

/** What the processes of the product hold now, and held at most. */
function memoryOf({ process: started }: Product): string {
  const told = readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      if (Number(/PPid:\s+(\d+)/.exec(status)?.[1]) !== started.pid) return [];
      const name = /(web\.mjs|serving\.ts)/.exec(readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.[1];
      const megabytes = (line: string) => Math.round(Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
      return name ? [`${name} ${megabytes("VmRSS")} MB, at most ${megabytes("VmHWM")} MB`] : [];
    } catch {
      return [];
    }
  });
  return told.join("; ") || "not known here";
}
