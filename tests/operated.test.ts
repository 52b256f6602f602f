/** The product as an operator runs it: behind a proxy that speaks TLS, and with the command for accounts beside it. */
import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Product, startProduct } from "./kit/product";
import { askTls, openTlsProxy, type TlsProxy, type Told } from "./kit/tls-proxy";

const site = "https://patchbay.test";
let product: Product;
let proxy: TlsProxy;

beforeAll(async () => {
  proxy = await openTlsProxy(() => product.url);
  product = await startProduct({
    PATCHBAY_ACCOUNTS: "1",
    PATCHBAY_KEY: Buffer.alloc(32, 4).toString("base64"),
    PATCHBAY_PUBLIC_URL: site,
  });
}, 600_000);
afterAll(async () => {
  await product?.stop();
  proxy?.close();
});

/** `npm run -s patchbay -- user …` beside the running product. */
function user(...words: string[]): Promise<{ status: number | null; said: string }> {
  const env = { ...process.env, DATABASE_URL: "", PATCHBAY_ACCOUNTS: "1", PATCHBAY_DATA: product.data };
  const child = spawn("npm", ["run", "-s", "patchbay", "--", "user", ...words], {
    env: { ...env, PATCHBAY_KEY: Buffer.alloc(32, 4).toString("base64") },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  return new Promise((done) => child.once("close", (status) => done({ status, said })));
}

const json = { "content-type": "application/json" };
const signIn = (email: string, password: string, headers: Record<string, string> = {}): Promise<Told> =>
  askTls(proxy.port, `${site}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { ...json, origin: site, ...headers },
    body: JSON.stringify({ email, password }),
  });

async function me(cookie: string): Promise<{ kind: string; isAdministrator?: boolean }> {
  const { text } = await askTls(proxy.port, `${site}/api/trpc/account.me`, { headers: { cookie } });
  return JSON.parse(text).result.data.json;
}

const cookieOf = ({ headers }: Told): string =>
  (headers["set-cookie"] ?? []).map((set) => set.split(";")[0]).join("; ");

describe("the command for accounts", () => {
  it("adds the first account, whose password it shows, and which runs the installation", async () => {
    const { status, said } = await user("add", "ann@example.org", "--name", "Ann");
    expect([status, said]).toEqual([0, expect.stringContaining("ann@example.org can sign in with the password ")]);
    const password = said.trim().split(" ").at(-1) ?? "";
    const answer = await signIn("ann@example.org", password);
    expect(answer.status).toBe(200);
    expect(await me(cookieOf(answer))).toMatchObject({ kind: "user", isAdministrator: true });
  });

  it("sets another password, and ends what went on with the old one", async () => {
    const old = await user("reset", "ann@example.org", "--password", "an old password");
    expect(old.status).toBe(0);
    const before = cookieOf(await signIn("ann@example.org", "an old password"));
    expect((await me(before)).kind).toBe("user");
    expect((await user("reset", "ann@example.org", "--password", "a new password")).status).toBe(0);
    expect((await me(before)).kind).toBe("stranger");
    expect((await signIn("ann@example.org", "an old password")).status).toBe(401);
    expect((await signIn("ann@example.org", "a new password")).status).toBe(200);
  });

  it("removes an account, but not the last administrator's, and says what it does not know", async () => {
    expect((await user("remove", "ann@example.org")).said).toContain("This is the last administrator.");
    await user("add", "ben@example.org", "--password", "ben has a password");
    expect((await signIn("ben@example.org", "ben has a password")).status).toBe(200);
    expect((await user("remove", "ben@example.org")).status).toBe(0);
    expect((await signIn("ben@example.org", "ben has a password")).status).toBe(401);
    const unknown = await user("remove", "nobody@example.org");
    expect([unknown.status, unknown.said]).toEqual([1, expect.stringContaining("There is no account")]);
    expect(unknown.said).not.toMatch(/\n\s+at /);
  });

  it("is in the log of changes", async () => {
    const { headers } = await signIn("ann@example.org", "a new password");
    const cookie = (headers["set-cookie"] ?? []).map((set) => set.split(";")[0]).join("; ");
    const asked = `${site}/api/trpc/teams.audit?input=${encodeURIComponent('{"json":{}}')}`;
    const { text } = await askTls(proxy.port, asked, { headers: { cookie } });
    for (const action of ["account.add", "account.reset", "account.remove", "account.signIn", "account.refused"])
      expect(text).toContain(`"${action}"`);
    expect(text).toContain("the operator, from the command line");
    expect(text).not.toContain("a new password");
  });
});

describe("behind a proxy that speaks TLS", () => {
  it("cookies are for TLS alone, and pages ask for it from then on", async () => {
    const answer = await signIn("ann@example.org", "a new password", { "x-test-address": "192.0.2.7" });
    const [cookie = ""] = answer.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^__Secure-patchbay\.session_token=.*Secure/);
    const page = await askTls(proxy.port, `${site}/sign-in`);
    expect(page.status).toBe(200);
    expect(page.headers["strict-transport-security"]).toBe("max-age=31536000; includeSubDomains");
    expect(page.headers["content-security-policy"]).toMatch(/script-src 'self' 'nonce-[\w+/=]+' 'strict-dynamic'/);
    expect(page.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    const led = await askTls(proxy.port, `${site}/`);
    expect([led.status, led.headers.location]).toEqual([307, "/sign-in"]);
  });

  it("whoever guesses is known by their address, whatever they say it is", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const headers = { "x-test-address": "192.0.2.9", "x-forwarded-for": `198.51.100.${i}` };
      const tells = { ...headers, "x-patchbay-address": `203.0.113.${i}` };
      statuses.push((await signIn("ann@example.org", "wrong wrong wrong", tells)).status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    const other = { "x-test-address": "192.0.2.10" };
    expect((await signIn("ann@example.org", "a new password", other)).status).toBe(200);
  });

  it.each([
    ["another site's page", { origin: "https://evil.example" }],
    ["a site beside it", { "sec-fetch-site": "same-site", origin: "https://other.patchbay.test" }],
    ["the same name without TLS, for who signs in", { origin: "http://patchbay.test:81" }],
  ])("a change from %s is refused", async (_, headers) => {
    const from = { "x-test-address": "192.0.2.11", ...headers };
    expect((await signIn("ann@example.org", "a new password", from)).status).toBe(403);
  });

  it("another name than the public one is not answered", async () => {
    const answer = await askTls(proxy.port, "https://evil.example/sign-in");
    expect(answer.status).toBe(421);
  });
});
