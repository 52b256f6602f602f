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
import { foreignCases, forgedCases, replayedCases, tokenCases } from "./hostile/forged";
import { pathCases } from "./hostile/paths";
import { oversizedCases } from "./hostile/sizes";
import { formulas, hasFormula, hostileText, shownTexts } from "./hostile/texts";
import { wrongTypeCases } from "./hostile/types";

let product: Product;
let known: Known;
let before: string;
/** Stands for what is on this machine and must not be reached: it counts who comes. */
let canary: Server;
let visits = 0;
/** How many were sent, by kind. */
const sent = new Map<string, number>();
const count = (kind: string): void => void sent.set(kind, (sent.get(kind) ?? 0) + 1);

beforeAll(async () => {
  canary = createServer((_request, response) => {
    visits++;
    response.end("secret");
  });
  await new Promise<void>((done) => canary.listen(0, "127.0.0.1", done));
  product = await startProduct({ PATCHBAY_ALLOW_REMOTE: "1" });
  const texts = graph({ in: ["text.input", { text: "=1+1\n+2\n-3\n@x\nplain" }] });
  const id = (await createGraph(product.url, { ...texts, name: hostileText, description: hostileText }))
    .split("/")
    .at(-1) as string;
  await procedure("graphs.nameVersion", { id, label: hostileText });
  const run = (await api("POST", `/graphs/${id}/runs?wait=100`, {})) as { id: string };
  const { port } = canary.address() as { port: number };
  known = { url: product.url, graph: id, run: run.id, canary: port, ...(await publishAll(id, run.id)) };
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
  "tokens that were ended, and addresses that were taken back": replayedCases,
  "requests of other sites": foreignCases,
  "archives that bite": bundlesOf,
};

describe.each(Object.entries(tables))("%s", (kind, casesOf) => {
  it("are refused, each with an answer of its own", async () => {
    const wrong: string[] = [];
    for (const hostile of casesOf(known)) {
      count(kind);
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
      count("webhooks to this machine and its network, and names that lead there");
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
      count("pictures of this machine and its network");
      const run = (await api("POST", `/graphs/${id}/runs?wait=100`, { parameters: { "load.urls": url } })) as {
        status: string;
      };
      expect([url, run.status]).toEqual([url, "failed"]);
    }
    expect(visits).toBe(0);
  });
});

it("shows texts of strangers as texts", async () => {
  const wrong: string[] = [];
  for (const { path, isWrong } of shownTexts(known)) {
    count("pages and answers with HTML of strangers in every text");
    const answer = await fetch(product.url + path);
    const text = await answer.text();
    if (isWrong(text, answer.headers)) wrong.push(`${path}: ${text.slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
});

it.each(formulas)("gives spreadsheets no formula for %j", async (formula) => {
  count("formulas in tables");
  const started = await api("POST", `/graphs/${known.graph}/runs?wait=100`, {
    parameters: { "in.text": `x\n${formula}` },
  });
  const answer = await fetch(`${product.url}/api/runs/${(started as { id: string }).id}/texts/in/text?as=csv`);
  expect(answer.status).toBe(200);
  expect(hasFormula(await answer.text())).toBe(false);
});

it("were three hundred, lost nothing, and left the product as it was", async () => {
  const total = [...sent.values()].reduce((sum, each) => sum + each, 0);
  console.log(`hostile requests: ${total}\n${[...sent].map(([kind, each]) => `${each} ${kind}`).join("\n")}`);
  expect(total).toBeGreaterThanOrEqual(300);
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

/** A template, an app and links of it, tokens and remarks, each with a hostile text; and what was ended of them. */
async function publishAll(graphId: string, run: string): Promise<Pick<Known, "pages" | "ended">> {
  const { items } = (await api("GET", `/graphs/${graphId}/versions`)) as { items: { number: number }[] };
  expect(items).toHaveLength(1);
  const [{ id: version }] = await query("graphs.versions", { id: graphId });
  const about = {
    title: hostileText,
    text: hostileText,
    tags: ["<script>alert(1)"],
    licence: hostileText.slice(0, 50),
  };
  const template = await procedure("templates.publish", { version, about, visibility: "team" });
  const form = {
    groups: [{ title: hostileText, fields: [{ node: "in", param: "text", help: hostileText }] }],
    outputs: [{ node: "in", port: "text", label: hostileText }],
  };
  const app = await procedure("apps.publish", { version, title: hostileText, text: hostileText, form });
  await procedure("runs.remark", { ids: [run], note: hostileText, tags: ["<script>alert(1)"] });
  const link = { source: { version, run }, leaveOut: {}, resultFiles: true, sites: [], title: hostileText };
  const [shown, revoked] = [await procedure("links.make", link), await procedure("links.make", link)];
  await procedure("links.revoke", { id: revoked.id });
  const [kept, ended] = await Promise.all(
    [0, 1].map(() => procedure("account.createToken", { name: hostileText, scope: "write", days: 1 })),
  );
  await procedure("account.revokeToken", { id: ended.id });
  return {
    pages: [
      `/templates/${template.id}`,
      `/apps/${app.id}`,
      "/apps",
      "/account",
      `/s/${shown.token}`,
      `/embed/${shown.token}`,
    ],
    ended: { token: ended.text, other: kept.text, link: revoked.token, shown: shown.token },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as a program without types does
async function query(name: string, input: object): Promise<any> {
  const search = encodeURIComponent(JSON.stringify({ json: input }));
  const answer = await fetch(`${product.url}/api/trpc/${name}?input=${search}`);
  return ((await answer.json()) as { result: { data: { json: unknown } } }).result.data.json;
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function procedure(name: string, input: object): Promise<any> {
  const answer = await fetch(`${product.url}/api/trpc/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ json: input }),
  });
  if (!answer.ok) throw new Error(`${name}: ${await answer.text()}`);
  return ((await answer.json()) as { result: { data: { json?: unknown } } }).result.data.json;
}
