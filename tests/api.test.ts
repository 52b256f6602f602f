/** The HTTP API as another program uses it: requests in, runs by a real worker, answers out. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Validator } from "@seriousme/openapi-schema-validator";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { createToken } from "#server/access/tokens";
import { answerApi } from "#server/api/app";
import { answerCallsBy } from "#server/api/call-served";
import { Batches, type Waiting } from "#server/serving/batches";
import { Busy, type Ended } from "#server/serving/calls";
import { addWorker, api, db, withBackend } from "./kit/backend";
import { graph, tinyClip, tinyTower } from "./kit/graphs";

withBackend();
beforeAll(async () => {
  // The operator allows addresses, and this machine's among them.
  Object.assign(process.env, { PATCHBAY_ALLOW_REMOTE: "1", PATCHBAY_PRIVATE_HOSTS: "127.0.0.1" });
  await addWorker();
});

interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as a program without types does
  body: any;
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await answerApi(new Request(`http://localhost/api/v1${path}`, init));
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json");
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

/** A call that waits for its turn. */
interface HeldCall extends Waiting {
  end(ended: Ended): void;
}

/** A graph with a named version, and a draft behind it that is never served. */
async function served(document: GraphDocument, label = "first"): Promise<string> {
  const { id } = await api.graphs.create({ document });
  await api.graphs.nameVersion({ id, label });
  return id;
}

const texts = graph({ in: ["text.input", { text: "a\nb" }] });

describe("a run that is asked for", () => {
  it("is answered with where it is, and gives its outputs when it has ended", async () => {
    const id = await served(texts);
    const { status, headers, body } = await post(`/graphs/${id}/runs`, { parameters: { "in.text": "x\ny\nz" } });
    expect([status, headers.get("location")]).toEqual([202, `/api/v1/runs/${body.id}`]);
    const ended = await ask(`/runs/${body.id}?wait=60`);
    expect(ended.body).toMatchObject({ status: "done", version: 1, graph: id, parameters: { "in.text": "x\ny\nz" } });
    const { outputs } = (await ask(`/runs/${body.id}/outputs`)).body;
    expect(outputs).toEqual({
      "in.text": {
        type: "text",
        rows: 3,
        values: ["x", "y", "z"],
        href: `/api/v1/runs/${body.id}/artifacts/in/text`,
      },
    });
    const file = await answerApi(new Request(`http://localhost${outputs["in.text"].href}`));
    expect(await file.text()).toContain('{"row":2,"text":"z"}');
    expect(await db.graphVersion.count({ where: { graphId: id } })).toBe(1);
  });

  it("is answered with its result where that is waited for", async () => {
    const id = await served(texts);
    const { status, body } = await post(`/graphs/${id}/runs?wait=60`, { outputs: ["in.text"] });
    expect([status, body.status, body.outputs["in.text"].values]).toEqual([200, "done", ["a", "b"]]);
  });

  it("is of the last named version, or of the one that is asked for, and never of the draft", async () => {
    const id = await served(texts);
    const edited = { ...texts, nodes: { ...texts.nodes, in: { ...texts.nodes.in, params: { text: "second" } } } };
    await api.graphs.save({ id, revision: 1, document: edited });
    await api.graphs.nameVersion({ id, label: "second" });
    const draft = { ...texts, nodes: { ...texts.nodes, in: { ...texts.nodes.in, params: { text: "draft" } } } };
    await api.graphs.save({ id, revision: 2, document: draft });
    const valuesOf = async (version?: number | string) =>
      (await post(`/graphs/${id}/runs?wait=60`, { version })).body.outputs["in.text"].values;
    expect([await valuesOf(), await valuesOf("first"), await valuesOf(1)]).toEqual([
      ["second"],
      ["a", "b"],
      ["a", "b"],
    ]);
    const { id: unnamed } = await api.graphs.create({ document: texts });
    expect((await post(`/graphs/${unnamed}/runs`, {})).body).toMatchObject({
      status: 409,
      remedy: expect.stringContaining("Name one"),
    });
  });

  it("takes files from a form, each under the name of its parameter", async () => {
    const id = await served(
      graph({ load: ["image.load", {}], resize: ["image.resize", { width: 8, height: 8 }] }, [
        "load.image -> resize.image",
      ]),
    );
    const form = new FormData();
    for (const colour of ["red", "green"]) {
      const png = await sharp({ create: { width: 20, height: 10, channels: 3, background: colour } })
        .png()
        .toBuffer();
      form.append("load.images", new Blob([new Uint8Array(png)]), `${colour}.png`);
    }
    form.append("resize.width", "4");
    form.append("request", JSON.stringify({ outputs: ["load.name", "resize.image"] }));
    const { status, body } = await ask(`/graphs/${id}/runs?wait=60`, { method: "POST", body: form });
    expect([status, body.status, body.error]).toEqual([200, "done", null]);
    expect(body.outputs["load.name"].values).toEqual(["red", "green"]);
    expect(body.outputs["resize.image"]).toMatchObject({ type: "image", rows: 2 });
    expect(body.parameters["resize.width"]).toBe(4);
    const { files } = body.outputs["load.image"];
    const picture = await answerApi(new Request(`http://localhost${files[1].href}`));
    expect((await sharp(Buffer.from(await picture.arrayBuffer())).metadata()).width).toBe(20);
  });

  it("takes files by their addresses where the operator allows it", async () => {
    const png = await sharp({ create: { width: 20, height: 10, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    const host = createServer((_, response) => response.end(png)).listen(0, "127.0.0.1");
    await once(host, "listening");
    const { port } = host.address() as AddressInfo;
    const id = await served(graph({ load: ["image.load", {}] }));
    const parameters = { "load.source": "url", "load.urls": `http://127.0.0.1:${port}/red.png` };
    const { body } = await post(`/graphs/${id}/runs?wait=60`, { parameters });
    host.close();
    expect([body.status, body.error]).toEqual(["done", null]);
    expect(body.outputs["load.image"]).toMatchObject({ type: "image", rows: 1 });
    const picture = await answerApi(new Request(`http://localhost${body.outputs["load.image"].files[0].href}`));
    expect(Buffer.from(await picture.arrayBuffer())).toEqual(png);
  });

  it("is done once where the request names itself, however often and however close together it comes", async () => {
    const id = await served(texts);
    const once = { "idempotency-key": "order-1" };
    const ask5 = Array.from({ length: 5 }, () => post(`/graphs/${id}/runs`, { parameters: { "in.text": "k" } }, once));
    const answers = await Promise.all(ask5);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get("idempotent-replayed") === "true")).toHaveLength(4);
    expect(await db.run.count({ where: { graphId: id } })).toBe(1);
    const other = await post(`/graphs/${id}/runs`, { parameters: { "in.text": "other" } }, once);
    expect([other.status, other.body.detail]).toEqual([422, expect.stringContaining("another request")]);
  });

  it("is refused with where it is wrong and what helps", async () => {
    const id = await served(texts);
    const refused = async (body: object) => (await post(`/graphs/${id}/runs`, body)).body;
    expect(await refused({ parameters: { "in.txt": "x" } })).toMatchObject({
      status: 422,
      node: "in",
      param: "txt",
      remedy: "There are: in.text",
    });
    expect(await refused({ parameters: { "in.text": 7 } })).toMatchObject({ status: 422, node: "in", param: "text" });
    expect(await refused({ outputs: ["in.nothing"] })).toMatchObject({ status: 422 });
    expect(await refused({ parameters: { "in.text": " " } })).toMatchObject({
      status: 422,
      node: "in",
      detail: "There is no text.",
      remedy: "Type at least one line.",
    });
    expect(await refused({ unknown: 1 })).toMatchObject({ status: 400 });
    expect(await refused({ version: "never" })).toMatchObject({ status: 404 });
    expect(await db.run.count({ where: { graphId: id } })).toBe(0);
  });
});

it("tells what a run does as events that go on where a connection broke", async () => {
  const id = await served(texts);
  const { body } = await post(`/graphs/${id}/runs?wait=60`, {});
  const events = async (headers: Record<string, string> = {}): Promise<string[]> =>
    [...(await ask(`/runs/${body.id}/events`, { headers })).body.matchAll(/^id: (\d+)$/gm)].map(([, event]) => event);
  const all = await events();
  expect(all.length).toBeGreaterThan(4);
  expect(await events({ "last-event-id": all[2] as string })).toEqual(all.slice(3));
});

it("stops a run that is deleted, and leaves one that has ended as it is", async () => {
  const id = await served(tinyClip({ steps: 1_000_000 }));
  const { body } = await post(`/graphs/${id}/runs`, {});
  const stopped = await ask(`/runs/${body.id}`, { method: "DELETE" });
  const ended = await ask(`/runs/${body.id}?wait=60`);
  expect([stopped.status, ended.body.status, ended.body.finishedAt === null]).toEqual([202, "cancelled", false]);
  const done = await post(`/graphs/${await served(texts)}/runs?wait=60`, {});
  expect((await ask(`/runs/${done.body.id}`, { method: "DELETE" })).body.status).toBe("done");
  const nobody = await ask("/runs/00000000-0000-4000-8000-00000000ffff", { method: "DELETE" });
  expect([nobody.status, nobody.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
});

it("stops a run by a token that runs, and by none that reads", async () => {
  const id = await served(tinyClip({ steps: 1_000_000 }));
  const { body } = await post(`/graphs/${id}/runs`, {});
  const stopBy = async (scope: "read" | "run") => {
    const { text } = await createToken(db, { name: scope, scope, userId: null });
    return ask(`/runs/${body.id}`, { method: "DELETE", headers: { authorization: `Bearer ${text}` } });
  };
  expect((await stopBy("read")).body).toMatchObject({ status: 403, remedy: expect.stringContaining("wider scope") });
  expect((await stopBy("run")).status).toBe(202);
  expect((await ask(`/runs/${body.id}?wait=60`)).body.status).toBe("cancelled");
});

it("says which node and port a graph cannot be run for, and what helps", async () => {
  const wide = graph(
    {
      data: ["data.emoji", { limit: 4 }],
      small: ["image.resize", { width: 8, height: 8 }],
      normalize: ["image.normalize", {}],
      vision: ["model.vision-transformer", { scope: "v", patch: 3, width: 8, layers: 1, heads: 1 }],
    },
    ["data.image -> small.image", "small.image -> normalize.image", "normalize.pixels -> vision.pixels"],
  );
  const { body } = await post(`/graphs/${await served(wide)}/runs?wait=60`, {});
  expect(body).toMatchObject({ status: 422, node: "vision", port: "pixels", remedy: expect.any(String) });
});

it("gives what a run made as files: tensors as .npy, pictures one by one, and nothing by a made-up name", async () => {
  const id = await served(tinyTower());
  const { body } = await post(`/graphs/${id}/runs`, { outputs: ["norm.embedding", "data.image"] });
  await expect.poll(async () => (await ask(`/runs/${body.id}?wait=60`)).body.status, { timeout: 300_000 }).toBe("done");
  const { outputs } = (await ask(`/runs/${body.id}/outputs`)).body;
  const { items } = (await ask(`/runs/${body.id}/artifacts`)).body;
  expect(items.map(({ output }: { output: string }) => output)).toContain("norm.embedding");
  const fileOf = (path: string) =>
    answerApi(new Request(`http://localhost/api/v1/runs/${body.id}/artifacts/${path}`)) as Promise<Response>;
  const tensor = await fileOf("norm/embedding");
  const bytes = Buffer.from(await tensor.arrayBuffer());
  expect(bytes.toString("latin1", 1, 6)).toBe("NUMPY");
  expect(bytes.toString("latin1")).toContain("'shape': (6, 8,)");
  expect(bytes.readFloatLE(bytes.length - 4)).toBeCloseTo(outputs["norm.embedding"].values.at(-1), 6);
  expect(tensor.headers.get("x-content-type-options")).toBe("nosniff");
  const pictureAt = async (i: number) => Buffer.from(await (await fileOf(`data/image?index=${i}`)).arrayBuffer());
  const [fifth, sixth] = [await pictureAt(4), await pictureAt(5)];
  expect((await sharp(sixth).metadata()).width).toBeGreaterThan(0);
  expect(fifth).not.toEqual(sixth);
  for (const wrong of ["data/image?index=6", "norm/nothing", "nobody/embedding", "constructor/name"])
    expect([wrong, (await fileOf(wrong)).status]).toEqual([wrong, 404]);
});

describe("under back-pressure", () => {
  it("a call of a served graph is refused with when to come again", async () => {
    const id = await served(texts);
    await ask(`/graphs/${id}/service`, { method: "PUT" });
    answerCallsBy(async () => {
      throw new Busy(3);
    });
    const { status, headers, body } = await post(`/graphs/${id}/runs?wait=60`, {});
    expect([status, headers.get("retry-after"), headers.get("content-type")]).toEqual([
      429,
      "3",
      "application/problem+json",
    ]);
    expect(body).toMatchObject({ type: "urn:patchbay:problem:too-many", remedy: "Ask again in 3 s." });
    expect(await db.run.count({ where: { graphId: id } })).toBe(0);
  });

  it("calls that are too many for what answers them are refused, and those before them answered", async () => {
    const id = await served(texts);
    await ask(`/graphs/${id}/service`, { method: "PUT" });
    const calls = 120;
    let heard = 0;
    let hasAll: () => void = () => {};
    const all = new Promise<void>((done) => (hasAll = done));
    const compute = async ([first]: readonly HeldCall[]) => {
      // The first call says how long a row takes; those behind it are held until all were taken or refused.
      await (heard === 1 ? new Promise((done) => setTimeout(done, 20)) : all);
      first?.end({ ms: 20, rows: 1, outputs: "{}" });
    };
    const batches = new Batches<HeldCall>(compute, { window: 1, mostRows: 1, atOnce: 1, mostSeconds: 0.5 });
    answerCallsBy(async () => {
      if (++heard === calls + 1) setTimeout(hasAll);
      return new Promise((end) => batches.add({ key: "k", rows: 1, end }));
    });
    const call = () => post(`/graphs/${id}/runs?wait=60`, {});
    expect((await call()).status).toBe(200);
    const answers = await Promise.all(Array.from({ length: calls }, call));
    const refused = answers.filter(({ status }) => status === 429);
    // One is computed, and 64 may wait however long they take, with the one that is counted next.
    expect([refused.length, answers.filter(({ status }) => status === 200).length]).toEqual([calls - 66, 66]);
    for (const { headers } of refused) expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await call()).status).toBe(200);
  });

  it("a run is refused where many wait already", async () => {
    const id = await served(texts);
    const { teamId } = await db.graph.findUniqueOrThrow({ where: { id } });
    // Without a job nobody takes them.
    const waiting = Array.from({ length: 501 }, () => ({ graphId: id, teamId, name: "waits", document: {} }));
    await db.run.createMany({ data: waiting });
    const { status, headers, body } = await post(`/graphs/${id}/runs`, {});
    await db.run.deleteMany({ where: { graphId: id } });
    expect([status, headers.get("retry-after"), body.status]).toEqual([429, "10", 429]);
    expect((await post(`/graphs/${id}/runs`, {})).status).toBe(202);
  });
});

it("lists runs page by page, each of them once", async () => {
  const id = await served(texts);
  const made = [];
  for (let i = 0; i < 5; i++) made.push((await post(`/graphs/${id}/runs`, {})).body.id);
  const seen: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body }: Answer = await ask(`/runs?graph=${id}&limit=2${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.items.map((run: { id: string }) => run.id));
    cursor = body.next;
  }
  expect(seen).toEqual(made.toReversed());
});

describe("the API's documents", () => {
  it("name every route there is, and refer to nothing that is not in them", async () => {
    const { body } = await ask("/openapi.json");
    expect(Object.keys(body.paths)).toContain("/graphs/{id}/runs");
    expect(body.openapi).toBe("3.1.0");
    for (const ref of JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(body.components.schemas).toHaveProperty(ref[1] as string);
  });

  it("are OpenAPI 3.1 to a validator, with every parameter that a path names", async () => {
    const graphs = [texts, tinyTower(), tinyClip()].map((document) => served(document));
    const places = (await Promise.all(graphs)).map((id) => `/graphs/${id}/openapi.json`);
    for (const place of ["/openapi.json", ...places]) {
      const { body } = await ask(place);
      const validator = new Validator();
      expect([place, await validator.validate(body), validator.version]).toEqual([place, { valid: true }, "3.1"]);
      expect(pathParameters(body)).toEqual([]);
    }
  });

  it("have a graph's parameters and outputs typed", async () => {
    const id = await served(
      graph({ data: ["data.emoji", { limit: 6 }], resize: ["image.resize", { width: 8 }], note: ["text.input", {}] }, [
        "data.image -> resize.image",
      ]),
    );
    const { body } = await ask(`/graphs/${id}/openapi.json`);
    const { Parameters, FinishedRun } = body.components.schemas;
    expect(Parameters.properties["data.limit"]).toMatchObject({ type: "integer", default: 6 });
    expect(Parameters.properties["resize.fit"].enum).toContain("contain");
    expect(FinishedRun.properties.outputs.properties["note.text"].$ref).toBe("#/components/schemas/TextOutput");
    expect(body.paths[`/graphs/${id}/runs`].post.operationId).toBe("runGraph");
  });
});

/** Parameters of paths that no operation declares, or that are no part of their path. */
function pathParameters({ paths }: Answer["body"]): string[] {
  return Object.entries<Answer["body"]>(paths).flatMap(([path, operations]) => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    return Object.entries<Answer["body"]>(operations).flatMap(([method, { parameters = [] }]) => {
      const declared = parameters.filter((each: { in: string }) => each.in === "path");
      const names = declared.map(({ name }: { name: string }) => name).sort();
      return JSON.stringify(names) === JSON.stringify(named) ? [] : [`${method} ${path}: ${names}`];
    });
  });
}
