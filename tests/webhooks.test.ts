/** The end of a run is told to whoever asked: signed, again where it was not taken, and never to this machine. */
import dns from "node:dns";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { answerApi } from "#server/api/app";
import { sendOut } from "#server/outgoing";
import { deliver, mostAttempts } from "#server/webhooks/deliver";
import { addWebhook } from "#server/webhooks/webhooks";
import { addWorker, api, db, withBackend } from "./kit/backend";
import { graph } from "./kit/graphs";

withBackend();
beforeAll(async () => {
  process.env.PATCHBAY_PRIVATE_HOSTS = "127.0.0.1";
  await addWorker();
});
afterEach(() => {
  process.env.PATCHBAY_PRIVATE_HOSTS = "127.0.0.1";
});

interface Heard {
  body: string;
  headers: IncomingHttpHeaders;
}

/** A server that takes messages, after so many that it does not take. */
async function listener(refuses = 0): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    heard.push({ body: Buffer.concat(parts).toString(), headers: request.headers });
    response.statusCode = heard.length > refuses ? 200 : 503;
    response.end();
  }).unref();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/hook`, heard };
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as a program without types does
async function ask(method: string, path: string, body?: object): Promise<any> {
  const headers = { "content-type": "application/json" };
  const request = new Request(`http://localhost/api/v1${path}`, {
    method,
    headers,
    body: body && JSON.stringify(body),
  });
  const answer = await answerApi(request);
  return answer.status === 204 ? undefined : answer.json();
}

async function named(): Promise<string> {
  const { id } = await api.graphs.create({ document: graph({ in: ["text.input", { text: "a" }] }) });
  await api.graphs.nameVersion({ id, label: "v" });
  return id;
}

it("is told to the graph's webhook and to the request's own, each with its signature", async () => {
  const id = await named();
  const [all, one] = [await listener(), await listener()];
  const { secret } = await ask("POST", `/graphs/${id}/webhooks`, { url: all.url });
  const own = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  const run = await ask("POST", `/graphs/${id}/runs`, { webhook: { url: one.url, secret: own } });
  await expect.poll(() => all.heard.length + one.heard.length, { timeout: 60_000 }).toBe(2);
  for (const [{ heard }, signedWith] of [[all, secret] as const, [one, own] as const]) {
    const { body, headers } = heard[0] as Heard;
    const told = new Webhook(signedWith).verify(body, headers as Record<string, string>);
    expect(told).toMatchObject({ type: "run.done", data: { id: run.id, status: "done", graph: id } });
    expect(() => new Webhook(signedWith).verify(`${body} `, headers as Record<string, string>)).toThrow();
  }
  const { items } = await ask("GET", `/graphs/${id}/deliveries?run=${run.id}`);
  expect(items.map(({ status, attempts }: { status: string; attempts: number }) => [status, attempts])).toEqual([
    ["delivered", 1],
    ["delivered", 1],
  ]);
});

it("is told again where it was not taken, until it is", async () => {
  const id = await named();
  const { url, heard } = await listener(2);
  await ask("POST", `/graphs/${id}/webhooks`, { url });
  const run = await ask("POST", `/graphs/${id}/runs?wait=60`, {});
  const delivery = await db.webhookDelivery.findFirstOrThrow({ where: { runId: run.id } });
  // What the queue does a while later is done now; whichever comes first, each attempt is one.
  await expect.poll(() => tryNow(delivery.id), { timeout: 60_000 }).toBe("delivered");
  const { status, attempts } = await db.webhookDelivery.findUniqueOrThrow({ where: { id: delivery.id } });
  expect([status, attempts, heard.length]).toEqual(["delivered", 3, 3]);
  expect(new Set(heard.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([delivery.id]));
});

it("is given up after nine attempts, which are told", async () => {
  const id = await named();
  const { url, heard } = await listener(100);
  const run = await ask("POST", `/graphs/${id}/runs?wait=60`, {});
  const { id: webhookId } = await addWebhook(db, { runId: run.id, url });
  const { id: delivery } = await db.webhookDelivery.create({ data: { webhookId, runId: run.id, url } });
  for (let i = 0; i < mostAttempts + 2; i++) await tryNow(delivery);
  const { items } = await ask("GET", `/graphs/${id}/deliveries`);
  expect(items).toMatchObject([{ status: "failed", attempts: 9, lastStatus: 503, lastError: expect.any(String) }]);
  expect(heard).toHaveLength(9);
});

async function tryNow(id: string): Promise<string> {
  await deliver(db, id).catch(() => {});
  return (await db.webhookDelivery.findUniqueOrThrow({ where: { id } })).status;
}

it("is told of runs that are stopped before they begin", async () => {
  const id = await named();
  const { url, heard } = await listener();
  await ask("POST", `/graphs/${id}/webhooks`, { url });
  const run = await db.run.create({
    data: {
      graphId: id,
      name: "waits",
      document: {},
      teamId: (await db.graph.findUniqueOrThrow({ where: { id } })).teamId,
    },
  });
  await ask("DELETE", `/runs/${run.id}`);
  await expect.poll(() => heard.length, { timeout: 60_000 }).toBe(1);
  expect(JSON.parse(heard[0]?.body ?? "")).toMatchObject({ type: "run.cancelled", data: { id: run.id } });
});

describe("a request to an address of strangers", () => {
  const send = (url: string, redirects = 0) => sendOut(url, { within: 5000, mostBytes: 1000, redirects });

  it("goes nowhere on this machine, however it is written, and by no detour", async () => {
    const { url, heard } = await listener();
    const { port } = new URL(url);
    const detour = createServer((_, response) => response.writeHead(302, { location: url }).end()).unref();
    await new Promise<void>((done) => detour.listen(0, "127.0.0.2", done));
    process.env.PATCHBAY_PRIVATE_HOSTS = "127.0.0.2";
    const around = `http://127.0.0.2:${(detour.address() as { port: number }).port}/`;
    await expect(send(around, 3)).rejects.toThrow("this machine or its network");
    for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost", "[::1]", "0.0.0.0"])
      await expect(send(`http://${host}:${port}/`), host).rejects.toThrow("this machine or its network");
    expect(heard).toEqual([]);
  });

  it("is judged by what its name stands for when it is connected to", async () => {
    const { url, heard } = await listener();
    const { port } = new URL(url);
    process.env.PATCHBAY_PRIVATE_HOSTS = "";
    const { lookup } = dns;
    let asked = 0;
    // A name that stands for an address of the world first, and for this machine from then on.
    dns.lookup = ((_name: string, options: { all?: boolean }, tell: (...found: unknown[]) => void) => {
      const address = asked++ === 0 ? "192.0.2.1" : "127.0.0.1";
      tell(null, options.all ? [{ address, family: 4 }] : address, 4);
    }) as never;
    syncBuiltinESMExports();
    try {
      for (let i = 0; i < 3; i++) await expect(send(`http://rebinding.example:${port}/`)).rejects.toThrow();
    } finally {
      dns.lookup = lookup;
      syncBuiltinESMExports();
    }
    expect([asked, heard]).toEqual([3, []]);
  });
});
