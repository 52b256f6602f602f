/** Graphs kept ready: calls that come together are computed together, and each gets what it would get alone. */
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { setPin } from "#nodes/graph/edits";
import { addServing, addWorker, api, db, withBackend } from "./kit/backend";
import { type Front, startFront } from "./kit/front";
import { graph } from "./kit/graphs";

let front: Front;
withBackend();
beforeAll(async () => {
  await Promise.all([addWorker(), addServing()]);
  front = await startFront();
});
afterAll(() => void front?.server.close());

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as a program without types does
type Body = any;

async function ask(path: string, method: string, body?: FormData | object): Promise<{ answer: Response; body: Body }> {
  const isForm = body instanceof FormData;
  const answer = await fetch(`${front.url}/api/v1${path}`, {
    method,
    body: isForm ? body : body && JSON.stringify(body),
    headers: isForm || !body ? {} : { "content-type": "application/json" },
  });
  const text = await answer.text();
  return { answer, body: text ? JSON.parse(text) : undefined };
}

async function served(document: GraphDocument, outputs: string[]): Promise<string> {
  const { id } = await api.graphs.create({ document });
  await api.graphs.nameVersion({ id, label: "served" });
  const { answer, body } = await ask(`/graphs/${id}/service`, "PUT", { outputs });
  expect([answer.status, body.outputs]).toEqual([200, outputs]);
  return id;
}

const embeddings = graph(
  {
    load: ["image.load", {}],
    resize: ["image.resize", { width: 16, height: 16 }],
    normalize: ["image.normalize"],
    weights: ["weights.make", { seed: 1 }],
    vision: ["model.vision-transformer", { patch: 8, width: 32, layers: 1, heads: 2 }],
    projector: ["model.projector", { width: 8 }],
    norm: ["model.l2-normalize"],
  },
  [
    "load.image -> resize.image",
    "resize.image -> normalize.image",
    "normalize.pixels -> vision.pixels",
    "vision.features -> projector.features",
    "projector.embedding -> norm.embedding",
    "weights.weights -> vision.weights",
    "weights.weights -> projector.weights",
  ],
);

const pictureOf = (background: string): Promise<Buffer> =>
  sharp({ create: { width: 24, height: 24, channels: 3, background } })
    .png()
    .toBuffer();

async function formOf(...colours: string[]): Promise<FormData> {
  const form = new FormData();
  for (const background of colours) {
    const bytes = background === "broken" ? Buffer.from("no picture") : await pictureOf(background);
    form.append("load.images", new Blob([new Uint8Array(bytes)]), `${background}.png`);
  }
  return form;
}

it("answers calls that come together as each would be answered by a run of its own", async () => {
  const id = await served(embeddings, ["norm.embedding", "load.name"]);
  const colours = ["red", "green", "blue", "white", "black", "yellow", "pink", "orange", "grey", "brown"];
  const calls = await Promise.all(
    colours.map(async (colour) => ask(`/graphs/${id}/runs?wait=60`, "POST", await formOf(colour, "navy"))),
  );
  for (const [i, { answer, body }] of calls.entries()) {
    expect([answer.status, answer.headers.get("served-warm"), body.error]).toEqual([200, "true", null]);
    expect(body.outputs["load.name"].values).toEqual([colours[i], "navy"]);
    expect(body.outputs["norm.embedding"].shape).toEqual([2, 8]);
  }
  const form = await formOf("red", "navy");
  form.append("request", JSON.stringify({ outputs: ["norm.embedding"] }));
  const own = await fetch(`${front.url}/api/v1/graphs/${id}/runs?wait=60`, {
    method: "POST",
    body: form,
    headers: { "idempotency-key": "own" },
  });
  const { outputs }: Body = await own.json();
  const alone: number[] = outputs["norm.embedding"].values;
  expect(own.headers.get("served-warm")).toBeNull();
  calls[0]?.body.outputs["norm.embedding"].values.forEach((value: number, i: number) => {
    expect(value).toBeCloseTo(alone[i] as number, 4);
  });
  // Only what named itself is a run; calls are written down a moment later.
  expect(await db.run.count({ where: { graphId: id } })).toBe(1);
  await expect.poll(() => db.servedCall.count({ where: { graphId: id } }), { timeout: 5000 }).toBe(10);
  expect((await ask(`/graphs/${id}/service`, "GET")).body.lastHour).toMatchObject({ calls: 10, failed: 0 });
});

it("refuses a call whose picture is damaged, and none of those that came with it", async () => {
  const id = await served(embeddings, ["norm.embedding"]);
  const colours = ["red", "broken", "green", "blue"];
  const calls = await Promise.all(
    colours.map(async (colour) => ask(`/graphs/${id}/runs?wait=60`, "POST", await formOf(colour))),
  );
  expect(calls.map(({ body }) => body.status)).toEqual(["done", "failed", "done", "done"]);
  expect(calls[1]?.body.error).toMatchObject({ detail: expect.stringContaining("broken.png"), node: "load" });
  const listed = async () => (await ask(`/graphs/${id}/calls`, "GET")).body.items as Body[];
  await expect.poll(async () => (await listed()).length, { timeout: 5000 }).toBe(4);
  const failed = (await listed()).filter(({ error }) => error !== null);
  expect(failed).toMatchObject([{ id: calls[1]?.body.id, rows: 1, error: { node: "load" } }]);
  expect((await ask(`/graphs/${id}/service`, "GET")).body.lastHour).toMatchObject({ calls: 4, failed: 1 });
});

it("answers each call by itself where nodes look at all rows, or other values are set", async () => {
  const texts = graph(
    {
      in: ["text.input", { text: "a" }],
      words: ["text.train-tokenizer", { vocabulary: 560 }],
      t: ["text.tokenize", { length: 4 }],
    },
    ["in.text -> words.text", "in.text -> t.text", "words.tokenizer -> t.tokenizer"],
  );
  const id = await served(texts, ["in.text", "t.ids"]);
  const call = async (parameters: object) => (await ask(`/graphs/${id}/runs?wait=60`, "POST", { parameters })).body;
  const [two, three, longer] = await Promise.all([
    call({ "in.text": "b\nc" }),
    call({ "in.text": "d\n\ne\nf" }),
    call({ "in.text": "g", "t.length": 6 }),
  ]);
  expect([two.error, three.error, longer.error]).toEqual([null, null, null]);
  expect([two.outputs["in.text"].values, three.outputs["in.text"].values]).toEqual([
    ["b", "c"],
    ["d", "e", "f"],
  ]);
  expect([two, three, longer].map(({ outputs }) => outputs["t.ids"].shape)).toEqual([
    [2, 4],
    [3, 4],
    [1, 6],
  ]);
});

it("is answered by its nodes where the graph has pinned results, also by a run of its own", async () => {
  const texts = graph({ in: ["text.input", { text: "a" }] }, []);
  const pinned = setPin(texts, "in", {
    at: "2026-01-01T00:00:00Z",
    ref: "0".repeat(64),
    bytes: 10,
    params: { text: "a" },
    outputs: { text: { type: "text", shape: [1] } },
  });
  const id = await served(pinned, ["in.text"]);
  const kept = (await api.graphs.get({ id })).document;
  expect(kept.nodes.in?.pin).toBeDefined();
  const path = `/graphs/${id}/runs?wait=60`;
  const warm = await ask(path, "POST", { parameters: { "in.text": "b" } });
  expect([warm.answer.headers.get("served-warm"), warm.body.error]).toEqual(["true", null]);
  expect(warm.body.outputs["in.text"].values).toEqual(["b"]);
  const own = await fetch(`${front.url}/api/v1${path}`, {
    method: "POST",
    body: JSON.stringify({ parameters: { "in.text": "c" } }),
    headers: { "content-type": "application/json", "idempotency-key": "of a pinned graph" },
  });
  const { error, outputs }: Body = await own.json();
  expect([own.headers.get("served-warm"), error, outputs["in.text"].values]).toEqual([null, null, ["c"]]);
});

it("runs another version than the served one as ever", async () => {
  const id = await served(embeddings, ["norm.embedding"]);
  const wide = { ...embeddings.nodes.projector, params: { width: 4 } } as GraphDocument["nodes"][string];
  const other = { ...embeddings, nodes: { ...embeddings.nodes, projector: wide } };
  await api.graphs.save({ id, revision: 1, document: other });
  await api.graphs.nameVersion({ id, label: "wide" });
  const call = async (version?: string) => {
    const form = await formOf("red");
    form.append("request", JSON.stringify({ version, outputs: ["norm.embedding"] }));
    const { answer, body } = await ask(`/graphs/${id}/runs?wait=60`, "POST", form);
    return [answer.headers.get("served-warm"), body.outputs["norm.embedding"].shape];
  };
  expect([await call(), await call("served"), await call("wide")]).toEqual([
    ["true", [1, 8]],
    ["true", [1, 8]],
    [null, [1, 4]],
  ]);
});

it("is served no more when that is asked for, and refuses outputs that cannot be told", async () => {
  const id = await served(embeddings, ["norm.embedding"]);
  const refused = await ask(`/graphs/${id}/service`, "PUT", { outputs: ["resize.image"] });
  expect([refused.answer.status, refused.body.node]).toEqual([422, "resize"]);
  expect((await ask(`/graphs/${id}/service`, "DELETE")).answer.status).toBe(204);
  expect((await ask(`/graphs/${id}/service`, "GET")).answer.status).toBe(404);
  const { answer } = await ask(`/graphs/${id}/runs?wait=60`, "POST", await formOf("red"));
  expect([answer.status, answer.headers.get("served-warm")]).toEqual([200, null]);
});
