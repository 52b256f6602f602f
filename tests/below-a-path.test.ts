/**
 * The product behind a proxy that has it below a path: whatever a program, a mail or a provider is told to ask for lies
 * there.
 */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Client } from "./kit/client";
import { client, type IdentityProvider, openIdentityProvider } from "./kit/identity-provider";
import { type MailServer, openMailServer } from "./kit/mail-server";
import { openPathProxy, type PathProxy } from "./kit/path-proxy";
import { type Product, startProduct } from "./kit/product";

const path = "/patchbay";
let proxy: PathProxy;
let mail: MailServer;
let provider: IdentityProvider;
let product: Product;
let ann: Client;
let graph: string;

/** Somebody who asks for paths of the product, or for what it told them. */
class Visitor extends Client {
  override ask(where: string, init: RequestInit = {}) {
    const isTold = where.startsWith("http") || where.startsWith(`${path}/`);
    return super.ask(isTold ? where : path + where, init);
  }
}

beforeAll(async () => {
  proxy = await openPathProxy(path, () => product.url);
  mail = await openMailServer();
  provider = await openIdentityProvider({ sub: "1", name: "Ben", email: "ben@example.org", email_verified: true });
  product = await startProduct({
    PATCHBAY_ACCOUNTS: "1",
    PATCHBAY_KEY: Buffer.alloc(32, 5).toString("base64"),
    PATCHBAY_PUBLIC_URL: `${proxy.url}/`,
    PATCHBAY_SMTP_URL: `smtp://me:word@127.0.0.1:${mail.port}`,
    PATCHBAY_OIDC_ISSUER: provider.issuer,
    PATCHBAY_OIDC_ID: client.id,
    PATCHBAY_OIDC_SECRET: client.secret,
  });
  ann = new Visitor(new URL(proxy.url).origin);
  await ann.signUp("ann", "a long password");
  ({ id: graph } = await ann.call("graphs.create", { template: "image-embeddings" }));
  await ann.call("graphs.nameVersion", { id: graph, label: "first" });
}, 900_000);

afterAll(async () => {
  await product?.stop();
  for (const each of [proxy, mail, provider]) each?.close();
});

const addressIn = async (person: string): Promise<string> => {
  await vi.waitFor(() => expect(mail.textTo(person)).toBeTruthy(), { timeout: 60_000 });
  return /http:\S+/.exec(mail.textTo(person) ?? "")?.[0] ?? "";
};

it("strangers are led to where they sign in, and pages ask for nothing beside the path", async () => {
  const led = await new Visitor(ann.url).ask("");
  expect([led.status, led.headers.get("location")]).toEqual([307, `${path}/sign-in`]);
  for (const page of ["/account", "/people", "/runs", "/apps", `/graphs/${graph}`, `/graphs/${graph}/people`]) {
    const { status, text } = await ann.ask(page);
    expect([page, status]).toEqual([page, 200]);
    const named = [...text.matchAll(/(?:href|src|action)="(\/[^"]*)"/g)].map(([, where = ""]) => where);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((where) => where !== path && !where.startsWith(`${path}/`))).toEqual([]);
  }
});

it("who was invited comes in with a provider, and back to the path", async () => {
  const { team } = await ann.query("account.me");
  await ann.call("teams.invite", { team, email: "ben@example.org", role: "viewer" });
  expect(await addressIn("ben@example.org")).toContain(`${proxy.url}/sign-in?invitation=`);
  const ben = new Visitor(ann.url);
  const back = { callbackURL: `${path}/`, errorCallbackURL: `${path}/sign-in` };
  const { url } = JSON.parse((await ben.send("/api/auth/sign-in/social", { provider: "oidc", ...back })).text);
  expect(new URL(url).searchParams.get("redirect_uri")).toBe(`${proxy.url}/api/auth/callback/oidc`);
  const sent = await fetch(url, { redirect: "manual" });
  const led = await ben.ask(sent.headers.get("location") ?? "");
  expect([led.status, led.headers.get("location")]).toEqual([302, `${path}/`]);
  expect((await ben.query("account.me")).email).toBe("ben@example.org");
});

it("a mail about a new password leads to the path", async () => {
  await ann.send("/api/auth/request-password-reset", { email: "ann@example.org", redirectTo: `${path}/sign-in` });
  const address = await addressIn("ann@example.org");
  expect(address).toContain(`${proxy.url}/api/auth/reset-password/`);
  const led = await new Visitor(ann.url).ask(address);
  expect(led.headers.get("location")).toContain(`${proxy.url}/sign-in?token=`);
});

it("programs are told where everything lies, and read events as they come", async () => {
  const { text } = await ann.call("account.createToken", { name: "p", scope: "run" });
  const program = new Visitor(ann.url, { authorization: `Bearer ${text}` });
  const runs = `/api/v1/graphs/${graph}/runs`;
  const { links } = JSON.parse((await program.send(runs, {})).text) as { links: Record<string, string> };
  expect(links.self).toMatch(new RegExp(`^${path}/api/v1/runs/[\\w-]+$`));
  expect((await program.ask(links.events ?? "")).text).toContain("event: node-done");
  const outputs = (await program.ask(links.outputs ?? "")).text;
  const files = [...outputs.matchAll(/"(\/[^"]+)"/g)].map(([, where = ""]) => where);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect([file, (await program.ask(file)).status]).toEqual([file, 200]);
  expect(JSON.parse((await program.send(`${runs}?wait=100`, {})).text)).toMatchObject({ status: "done" });
  expect(JSON.parse((await program.ask("/api/v1/openapi.json")).text).servers).toEqual([{ url: `${path}/api/v1` }]);
  expect(proxy.beside).toEqual([]);
});
