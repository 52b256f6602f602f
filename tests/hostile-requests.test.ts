/**
 * Requests by people who mean harm, against the product as it is started: none is let in, nothing is lost, and none is
 * answered with 500. The tables are in tests/hostile/.
 */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { graph } from "./kit/graphs";
import { createGraph, type Product, startProduct } from "./kit/product";
import { bundlesOf } from "./hostile/archives";
import { addressesOf } from "./hostile/addresses";
import { type Case, type Known, sendCase } from "./hostile/case";
import { foreignCases, forgedCases, tokenCases } from "./hostile/forged";
import { pathCases } from "./hostile/paths";
import { oversizedCases } from "./hostile/sizes";
import { shownTexts } from "./hostile/texts";
import { wrongTypeCases } from "./hostile/types";

let product: Product;
let known: Known;
let before: string;
/** Stands for what is on this machine and must not be reached: it counts who comes. */
let canary: Server;
let visits = 0;
let sent = 0;

beforeAll(async () => {
  canary = createServer((_request, response) => {
    visits++;
    response.end("secret");
  });
  await new Promise<void>((done) => canary.listen(0, "127.0.0.1", done));
  product = await startProduct({ PATCHBAY_ALLOW_REMOTE: "1" });
  const texts = graph({ in: ["text.input", { text: "=1+1\n+2\n-3\n@x\nplain" }] });
  const name = "<script>alert(1)</script>";
  const id = (await createGraph(product.url, { ...texts, name, description: `${name}<img src=x onerror=alert(2)>` }))
    .split("/")
    .at(-1) as string;
  await procedure("graphs.nameVersion", { id, label: `${name}v1`.slice(0, 100) });
  const run = (await api("POST", `/graphs/${id}/runs?wait=100`, {})) as { id: string };
  const { port } = canary.address() as { port: number };
  known = { url: product.url, graph: id, run: run.id, canary: port };
  before = await stateOf();
}, 600_000);

afterAll(async () => {
  await product?.stop();
  canary?.close();
});

const tables: Record<string, (known: Known) => Case[]> = {
  "tricks with paths": pathCases,
  "requests that are too large": oversizedCases,
  "values of wrong types": wrongTypeCases,
  "forged ids": forgedCases,
  "tokens that are none": tokenCases,
  "requests of other sites": foreignCases,
  "archives that bite": bundlesOf,
};

describe.each(Object.entries(tables))("%s", (_, casesOf) => {
  it("are refused, each with an answer of its own", async () => {
    const wrong: string[] = [];
    for (const hostile of casesOf(known)) {
      sent++;
      const { status, body } = await sendCase(product.url, hostile);
      const isFine =
        hostile.expected.includes(status) && !/root:x:|"stack"|\n\s+at .*:\d+:\d+|node_modules\//.test(body);
      if (!isFine) wrong.push(`${hostile.name}: ${status} ${body.slice(0, 160)}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe("addresses of this machine and its network", () => {
  it("are never called by webhooks", async () => {
    const accepted: string[] = [];
    for (const url of addressesOf(known.canary)) {
      sent++;
      const answer = await fetch(`${product.url}/api/v1/graphs/${known.graph}/webhooks`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ url }),
      });
      expect([201, 400, 422], url).toContain(answer.status);
      if (answer.status === 201) accepted.push(((await answer.json()) as { id: string }).id);
      if (accepted.length === 10) await tellAndRemove(accepted.splice(0));
    }
    await tellAndRemove(accepted);
    expect(visits).toBe(0);
  });

  it("are never read as pictures", async () => {
    const loads = graph({ load: ["image.load", { source: "url", urls: "http://example.invalid/" }] });
    const id = (await createGraph(product.url, loads)).split("/").at(-1) as string;
    await procedure("graphs.nameVersion", { id, label: "v" });
    for (const url of addressesOf(known.canary).slice(0, 12)) {
      sent++;
      const run = (await api("POST", `/graphs/${id}/runs?wait=100`, { parameters: { "load.urls": url } })) as {
        status: string;
      };
      expect([url, run.status]).toEqual([url, "failed"]);
    }
    expect(visits).toBe(0);
  });
});

it("shows texts of strangers as texts, and gives spreadsheets no formulas", async () => {
  const wrong: string[] = [];
  for (const { path, isWrong } of shownTexts(known)) {
    sent++;
    const answer = await fetch(product.url + path);
    const text = await answer.text();
    if (isWrong(text, answer.headers)) wrong.push(`${path}: ${text.slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
});

it("were three hundred, lost nothing, and left the product as it was", async () => {
  expect(sent).toBeGreaterThanOrEqual(300);
  expect(await stateOf()).toBe(before);
  expect((await fetch(`${product.url}/api/health`)).status).toBe(200);
  expect(product.log()).not.toMatch(/api: |unhandled|Error:.*\n\s+at /i);
  const again = (await api("POST", `/graphs/${known.graph}/runs?wait=100`, {})) as { status: string };
  expect(again.status).toBe("done");
});

/** What nobody may change: the graph with its versions, and what its first run gave. */
async function stateOf(): Promise<string> {
  const paths = [`/graphs/${known.graph}`, `/graphs/${known.graph}/versions`, `/runs/${known.run}`];
  const told = await Promise.all([...paths, `/runs/${known.run}/outputs`].map((path) => api("GET", path)));
  return JSON.stringify(told);
}

async function tellAndRemove(ids: readonly string[]): Promise<void> {
  if (!ids.length) return;
  const run = (await api("POST", `/graphs/${known.graph}/runs?wait=100`, {})) as { id: string };
  const list = async () =>
    ((await api("GET", `/graphs/${known.graph}/deliveries?run=${run.id}`)) as { items: { attempts: number }[] }).items;
  await expect
    .poll(async () => (await list()).filter(({ attempts }) => attempts > 0).length, { timeout: 60_000 })
    .toBe(ids.length);
  for (const each of ids) await api("DELETE", `/graphs/${known.graph}/webhooks/${each}`);
}

async function api(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${product.url}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
  return text ? JSON.parse(text) : undefined;
}

async function procedure(name: string, input: object): Promise<void> {
  const answer = await fetch(`${product.url}/api/trpc/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ json: input }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
