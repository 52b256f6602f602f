/**
 * Secrets are planted in an installation with accounts, each of them is used, and then they are looked for in all that
 * it keeps, tells, shows, logs and hands out.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { Client } from "./kit/client";
import { everyRow, filesHolding } from "./kit/everything-kept";
import { graph } from "./kit/graphs";
import { type MailServer, openMailServer } from "./kit/mail-server";
import { openPrivateHub, type PrivateHub } from "./kit/private-hub";
import { databaseOf, type Product, startProduct } from "./kit/product";
import { temporaryFolder } from "./kit/run-node";

const newSecret = (name: string): string => `${name}_planted_${randomBytes(12).toString("hex")}`;
/** What must be nowhere, by what it is. More are added as they are made. */
const planted: Record<string, string> = {
  "the hub token": newSecret("hf"),
  "another hub token": newSecret("hf"),
  "the id of S3 keys": newSecret("AKIA"),
  "S3 keys": newSecret("s3"),
  "the operator's hub token": newSecret("hf"),
  "the password of the mail server": newSecret("smtp"),
  "the secret of GitHub": newSecret("gh"),
  "the secret of the provider": newSecret("oidc"),
  "a webhook's secret": `whsec_${randomBytes(24).toString("base64")}`,
  "a password": newSecret("pw"),
  "the installation's key": randomBytes(32).toString("base64"),
};
const text = (name: string): string => planted[name] as string;

let product: Product;
let hub: PrivateHub;
let mail: MailServer;
let ann: Client;
let team: string;
let graphId: string;
const runs: Record<string, string> = {};
/** All that was answered, by what was asked for. */
const answers = new Map<string, string>();

beforeAll(async () => {
  [hub, mail] = [await openPrivateHub(text("the hub token")), await openMailServer()];
  product = await startProduct({
    PATCHBAY_ACCOUNTS: "1",
    PATCHBAY_KEY: text("the installation's key"),
    PATCHBAY_ALLOW_REMOTE: "1",
    PATCHBAY_PRIVATE_HOSTS: "127.0.0.1",
    HF_ENDPOINT: hub.url,
    HF_HOME: join(await temporaryFolder(), "hf"),
    HF_TOKEN: text("the operator's hub token"),
    PATCHBAY_SMTP_URL: `smtp://me:${text("the password of the mail server")}@127.0.0.1:${mail.port}`,
    PATCHBAY_GITHUB_ID: "id",
    PATCHBAY_GITHUB_SECRET: text("the secret of GitHub"),
    PATCHBAY_OIDC_ISSUER: hub.url,
    PATCHBAY_OIDC_ID: "id",
    PATCHBAY_OIDC_SECRET: text("the secret of the provider"),
    LOG_LEVEL: "debug",
  });
  await useAll();
}, 600_000);

afterAll(async () => {
  await product?.stop();
  hub?.close();
  mail?.close();
});

const tokenizes = (token?: string): GraphDocument =>
  graph(
    {
      load: ["text.load-tokenizer", { source: "hub", model: "owner/private", ...(token ? { token } : {}) }],
      text: ["text.input", { text: "a red apple" }],
      tokenize: ["text.tokenize", { packing: "own" }],
    },
    ["load.tokenizer -> tokenize.tokenizer", "text.text -> tokenize.text"],
  );

/** Signs up, keeps secrets, runs with them and without, publishes, shares, and makes tokens and webhooks. */
async function useAll(): Promise<void> {
  ann = new Client(product.url);
  await ann.signUp("ann", text("a password"));
  const { team: own } = await ann.query("account.me");
  team = own;
  const kept = { hub: "the hub token", other: "another hub token", "s3-id": "the id of S3 keys", "s3-key": "S3 keys" };
  for (const [name, which] of Object.entries(kept)) await ann.call("teams.setSecret", { name, text: text(which) });
  ({ id: graphId } = await ann.call("graphs.create", { document: tokenizes("hub") }));
  const webhook = { url: "http://127.0.0.1:9/hook", secret: text("a webhook's secret") };
  expect((await ann.send(`/api/v1/graphs/${graphId}/webhooks`, webhook)).status).toBe(201);
  for (const token of ["hub", "other", "gone", undefined]) runs[token ?? "none"] = await runWith(token);
  await ann.call("graphs.nameVersion", { id: graphId, label: "for others" });
  const { text: apiToken } = await ann.call("account.createToken", { name: "program", scope: "write" });
  planted["an API token"] = apiToken;
  planted["the session's cookie"] = decodeURIComponent([...ann.cookies.values()].join("; "));
  expect((await new Client(product.url, { authorization: `Bearer ${apiToken}` }).ask("/api/v1/runs")).status).toBe(200);
  await ann.call("teams.invite", { team, email: "ben@example.org", role: "viewer" });
  await ann.send("/api/auth/request-password-reset", { email: "ann@example.org", redirectTo: "/sign-in" });
  await vi.waitFor(() => expect(mail.textTo("ann@example.org")).toBeTruthy());
  planted["the token of a new password"] =
    /reset-password\/([\w-]+)/.exec(mail.textTo("ann@example.org") ?? "")?.[1] ?? "";
}

async function runWith(token: string | undefined): Promise<string> {
  const { id } = await ann.call("runs.create", { graphId, document: tokenizes(token) });
  const status = async () => (JSON.parse((await ann.ask(`/api/v1/runs/${id}`)).text) as { status: string }).status;
  await vi.waitFor(async () => expect(await status()).toMatch(/done|failed/), { timeout: 60_000 });
  return id;
}

/** Which of them stand in a text, whole or as parts of addresses and of HTML would have them. */
function plantedIn(where: string): string[] {
  const ways = (secret: string) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")];
  return Object.entries(planted).flatMap(([name, secret]) =>
    ways(secret).some((way) => where.includes(way)) ? [name] : [],
  );
}

const messageOf = async (run: string): Promise<string> => {
  const told = JSON.parse((await ann.ask(`/api/v1/runs/${run}`)).text) as { error?: object };
  return JSON.stringify(told.error);
};

describe("a secret of the team", () => {
  it("opens a private model for a node that names it", async () => {
    expect((await ann.query("runs.get", { id: runs.hub })).status).toBe("done");
    expect(hub.asked).toContain(`Bearer ${text("the hub token")}`);
    expect(hub.asked).toContain(`Bearer ${text("the operator's hub token")}`);
  });

  it("that does not fit, or is not there, is told by its name alone", async () => {
    expect(await messageOf(runs.other as string)).toContain("The hub does not show");
    expect(await messageOf(runs.gone as string)).toContain("There is no secret “gone”");
    expect(await messageOf(runs.none as string)).toContain("The hub does not show");
  });

  it("opens nothing for another team, though the model lies here", async () => {
    const invitation = /invitation=([\w-]+)/.exec((await invited("cyd@example.org")) ?? "")?.[1];
    const cyd = new Client(product.url);
    await cyd.signUp("cyd", text("a password"), invitation);
    const { teams } = await cyd.query("account.me");
    const own = teams.find(({ role }: { role: string }) => role === "owner");
    await cyd.call("account.workIn", { team: own.id });
    await cyd.call("teams.setSecret", { team: own.id, name: "hub", text: text("another hub token") });
    const { id } = await cyd.call("graphs.create", { document: tokenizes("hub"), team: own.id });
    const pinned = tokenizes("hub");
    if (pinned.nodes.load) pinned.nodes.load.params.revision = "a".repeat(40);
    const run = await cyd.call("runs.create", { graphId: id, document: pinned });
    const status = async () =>
      (JSON.parse((await cyd.ask(`/api/v1/runs/${run.id}`)).text) as { status: string }).status;
    await expect.poll(status, { timeout: 60_000 }).toBe("failed");
    const place = encodeURIComponent(`data/hub/${team}`);
    expect((await cyd.ask(`/api/trpc/data.config?input=${place}`)).status).not.toBe(200);
    await expect(cyd.query("teams.secrets", { team })).rejects.toThrow();
  });
});

async function invited(email: string): Promise<string | undefined> {
  const { path } = await ann.call("teams.invite", { team, email, role: "viewer" });
  return path;
}

describe("what was planted", () => {
  it("is in no row of the database", async () => {
    const wrong: string[] = [];
    for (const [table, rows] of await everyRow(databaseOf(product.data)))
      wrong.push(...plantedIn(rows).map((name) => `${name} in ${table}`));
    expect(wrong).toEqual([]);
  });

  it("is in no file of the data folder", async () => {
    expect(await filesHolding(product.data, planted)).toEqual([]);
  });

  it("is in no page, document, answer, event, bundle, template or link", async () => {
    await readAll();
    const wrong = [...answers].flatMap(([path, answer]) => plantedIn(answer).map((name) => `${name} in ${path}`));
    expect(wrong).toEqual([]);
    expect(answers.size).toBeGreaterThan(30);
  });

  it("is in no log", () => {
    expect(plantedIn(product.log())).toEqual([]);
  });
});

/** Asks for all that is shown of it, and for files as they are handed out. */
async function readAll(): Promise<void> {
  const [version] = await ann.query("graphs.versions", { id: graphId });
  const about = { title: "t", text: "", tags: [], licence: "" };
  const template = await ann.call("templates.publish", { version: version.id, about, visibility: "everyone" });
  const source = { version: version.id, run: runs.hub };
  const link = await ann.call("links.make", {
    source,
    leaveOut: {},
    resultFiles: true,
    sites: ["https://example.org"],
  });
  const linked = link.token;
  const ids = Object.values(runs);
  const pages = ["/", `/graphs/${graphId}`, `/graphs/${graphId}/versions`, `/graphs/${graphId}/people`, "/account"];
  const more = [`/teams/${team}`, "/audit", "/runs", "/sign-in", `/templates/${template.id}`, "/api-docs", "/apps"];
  const shared = [`/s/${linked}`, `/s/${linked}/graph`, `/embed/${linked}`];
  const ofGraph = ["", "/versions", "/webhooks", "/deliveries", "/openapi.json", "/calls"];
  const api = [...ofGraph.map((path) => `/graphs/${graphId}${path}`), "/runs", "/graphs", "/openapi.json"];
  const ofRuns = ids.flatMap((id) => ["", "/events", "/outputs", "/artifacts"].map((path) => `/runs/${id}${path}`));
  const paths = [...pages, ...more, ...shared, ...[...api, ...ofRuns].map((path) => `/api/v1${path}`)];
  for (const path of [...paths, ...ids.map((id) => `/api/runs/${id}/trace`)])
    answers.set(path, (await ann.ask(path)).text);
  for (const id of ids) answers.set(`/runs/${id}`, (await ann.ask(`/runs/${id}`)).text);
  const asked = ["account.me", "account.sessions", "account.tokens", "teams.secrets", "teams.audit", "runs.list"];
  for (const procedure of asked)
    answers.set(procedure, JSON.stringify(await ann.query(procedure, procedure.includes("me") ? undefined : {})));
  answers.set("teams.get", JSON.stringify(await ann.query("teams.get", { id: team })));
  answers.set("graphs.get", JSON.stringify(await ann.query("graphs.get", { id: graphId })));
  for (const id of ids) answers.set(`runs.get ${id}`, JSON.stringify(await ann.query("runs.get", { id })));
  const packed = [
    `/api/graphs/${graphId}/bundle`,
    `/api/published/${template.id}/bundle?version=1`,
    `/s/${linked}/bundle`,
  ];
  for (const path of packed) answers.set(path, await unpacked(path));
  expect(answers.get(packed[0] as string)).toContain('"hub"');
}

/** The entries of a bundle as one text. */
async function unpacked(path: string): Promise<string> {
  const answer = await fetch(product.url + path, {
    headers: { cookie: [...ann.cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
  });
  expect([path, answer.status]).toEqual([path, 200]);
  const entries = unzipSync(new Uint8Array(await answer.arrayBuffer()));
  return Object.entries(entries)
    .map(([name, bytes]) => name + new TextDecoder().decode(bytes))
    .join("\n");
}
