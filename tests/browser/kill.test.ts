import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { random } from "#models/random";
import { tinyClip } from "../kit/graphs";
import { type Product, startProduct } from "../kit/product";

let product: Product;
const draw = random("kill product", Number(process.env.KILL_SEED ?? 1));
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

/** Processes of this product whose command line holds a word. */
function pidsOf(word: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => belongs(pid, word)).map(Number);
}

function belongs(pid: string, word: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(word)) return false;
    if (word.includes(product.data)) return true;
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`PATCHBAY_DATA=${product.data}`);
  } catch {
    return false; // it ended meanwhile
  }
}

/** Asks until it is answered: what was killed comes back. */
async function call(path: string, json: unknown, read = false): Promise<Record<string, unknown>> {
  for (let left = 300; ; left--) {
    const url = `${product.url}/api/trpc/${path}`;
    const body = JSON.stringify({ json });
    const answer = await (read
      ? fetch(`${url}?input=${encodeURIComponent(body)}`)
      : fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })
    ).catch(() => undefined);
    if (answer?.ok)
      return ((await answer.json()) as { result: { data: { json: Record<string, unknown> } } }).result.data.json;
    if (left === 0) throw new Error(`${path} is not answered: ${answer?.status} ${product.log()}`);
    await sleep(200);
  }
}

// Of the web process and of npm start itself: see the walk.
describe.skipIf(process.platform !== "linux")("kill -9 in the middle of a training", () => {
  it.each([
    ["the worker", () => "server/worker.ts"],
    ["Postgres", () => `${product.data}/pg`],
  ])("of %s: it is started again, and the run ends", async (_, word) => {
    const { id } = await call("runs.create", {
      document: tinyClip({ steps: 600, checkpoint: 50, seed: draw.below(1e6) }),
    });
    await sleep(500 + draw.below(4000));
    for (const pid of pidsOf(word())) process.kill(pid, "SIGKILL");
    let run = await call("runs.get", { id }, true);
    while (run.status === "queued" || run.status === "running") {
      await sleep(300);
      run = await call("runs.get", { id }, true);
    }
    expect([run.status, run.error]).toEqual(["done", null]);
    const { outputs } = run.result as { outputs: { trainer: { curve: { value: { lines: { values: number[] }[] } } } } };
    expect(outputs.trainer.curve.value.lines[0]?.values).toHaveLength(600);
    await expect
      .poll(() => [pidsOf("scripts/web.mjs").length, pidsOf("server/worker.ts").length], { timeout: 10_000 })
      .toEqual([1, 1]);
    await expect.poll(() => readdirSync(`${product.data}/scratch`), { timeout: 10_000 }).toEqual([]);
  });
});
