/**
 * Ways to come in: passwords and mails about them, GitHub, a provider of OpenID Connect; and what holds back guessing.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { addAccount } from "#server/access/accounts";
import { answerAuth } from "#server/access/auth";
import { actorOf } from "#server/access/actor";
import { invite } from "#server/access/invitations";
import { appRouter } from "#server/routers/index";
import { db, withBackend } from "./kit/backend";
import { client, type IdentityProvider, openIdentityProvider } from "./kit/identity-provider";
import { type MailServer, openMailServer } from "./kit/mail-server";

const here = "https://patchbay.test";
const password = "correct horse battery";
let mail: MailServer;
let provider: IdentityProvider;
let visitors = 0;

withBackend();
beforeAll(async () => {
  mail = await openMailServer();
  provider = await openIdentityProvider(identity("first"));
  Object.assign(process.env, {
    PATCHBAY_ACCOUNTS: "1",
    PATCHBAY_KEY: Buffer.alloc(32, 7).toString("base64"),
    PATCHBAY_PUBLIC_URL: here,
    PATCHBAY_SMTP_URL: `smtp://me:mail-password@127.0.0.1:${mail.port}`,
    PATCHBAY_MAIL_FROM: "Patchbay <patchbay@example.org>",
    PATCHBAY_GITHUB_ID: "github-id",
    PATCHBAY_GITHUB_SECRET: "github-secret",
    PATCHBAY_OIDC_ISSUER: provider.issuer,
    PATCHBAY_OIDC_ID: client.id,
    PATCHBAY_OIDC_SECRET: client.secret,
  });
  await addAccount({ name: "ann", email: "ann@example.org", password });
});
afterAll(() => {
  mail?.close();
  provider?.close();
});

/** A browser: it keeps cookies, and comes from an address of its own. */
class Browser {
  readonly cookies = new Map<string, string>();
  readonly address = `192.0.2.${++visitors}`;

  headers(): Headers {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return new Headers({ origin: here, cookie, "x-patchbay-address": this.address });
  }

  async ask(address: string, body?: object): Promise<Response> {
    const headers = this.headers();
    if (body) headers.set("content-type", "application/json");
    const init = { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) };
    const answer = await answerAuth(new Request(new URL(address, `${here}/api/auth/`), init));
    for (const set of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      this.cookies.set(name, value);
    }
    return answer;
  }

  signIn = (email: string, word = password) => this.ask("sign-in/email", { email, password: word });
  who = () => actorOf(this.headers());

  /** Goes where a provider sends it, and back. */
  async through(path: string, body: object): Promise<Response> {
    const { url } = (await (
      await this.ask(path, { ...body, callbackURL: "/", errorCallbackURL: "/sign-in" })
    ).json()) as {
      url: string;
    };
    const sent = await fetch(url, { redirect: "manual" });
    return this.ask(sent.headers.get("location") ?? "");
  }
}

const identity = (name: string) => ({ sub: name, name, email: `${name}@example.org`, email_verified: true });
const linesOf = (action: string) => db.auditEntry.findMany({ where: { action }, orderBy: { id: "asc" } });

describe("a password", () => {
  it("lets in, by a cookie that scripts do not see and that goes over TLS alone", async () => {
    const browser = new Browser();
    const answer = await browser.signIn("ann@example.org");
    expect(answer.status).toBe(200);
    const [cookie = ""] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^__Secure-patchbay\.session_token=/);
    for (const part of ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"]) expect(cookie).toContain(part);
    expect(await browser.who()).toMatchObject({ kind: "user", email: "ann@example.org" });
    expect(await linesOf("account.signIn")).toMatchObject([{ actor: "ann <ann@example.org>" }]);
  });

  it("is asked for again once somebody signed out, which is written down", async () => {
    const browser = new Browser();
    await browser.signIn("ann@example.org");
    expect((await browser.ask("sign-out", {})).status).toBe(200);
    expect(await browser.who()).toEqual({ kind: "stranger" });
    expect(await linesOf("account.signOut")).toMatchObject([{ actor: "ann <ann@example.org>" }]);
    await new Browser().ask("sign-out", {});
    expect(await linesOf("account.signOut")).toHaveLength(1);
  });

  it("gives a session that is seen beside one's others, and ended from any of them", async () => {
    const [here, lost] = [new Browser(), new Browser()];
    await here.signIn("ann@example.org");
    await lost.signIn("ann@example.org");
    const caller = appRouter.createCaller({ db, actor: await here.who() });
    const seen = await caller.account.sessions();
    expect(seen.filter(({ isThis }) => isThis)).toMatchObject([{ ipAddress: here.address }]);
    const other = seen.find(({ ipAddress }) => ipAddress === lost.address);
    await caller.account.endSession({ id: other?.id ?? "" });
    expect(await lost.who()).toEqual({ kind: "stranger" });
    expect(await here.who()).toMatchObject({ kind: "user" });
  });

  it("that is wrong is told as an address that is not there, and written down", async () => {
    const browser = new Browser();
    const told = await Promise.all(
      ["ann@example.org", "nobody@example.org"].map(async (email) => {
        const answer = await browser.signIn(email, "wrong wrong wrong");
        return [answer.status, await answer.text()];
      }),
    );
    expect(told[0]).toEqual(told[1]);
    expect(told[0]?.[0]).toBe(401);
    expect((await linesOf("account.refused")).map(({ detail }) => detail)).toContainEqual({ email: "ann@example.org" });
  });

  it("is not guessed: after ten tries of one address the next ones are refused, and another's are not", async () => {
    const guesser = new Browser();
    const statuses: number[] = [];
    for (let i = 0; i < 14; i++) statuses.push((await guesser.signIn("ann@example.org", `guess ${i} guess`)).status);
    expect(statuses).toEqual([...Array(10).fill(401), ...Array(4).fill(429)]);
    expect((await guesser.signIn("ann@example.org")).status).toBe(429);
    expect((await new Browser().signIn("ann@example.org")).status).toBe(200);
  });

  it("of somebody who makes no account here is not taken from outside", async () => {
    const body = { name: "x", email: "x@example.org", password };
    expect((await new Browser().ask("sign-up/email", body)).status).toBe(404);
  });
});

describe("a password that was forgotten", () => {
  it("is set anew by a link in a mail, once, and ends all sessions", async () => {
    const before = new Browser();
    await before.signIn("ann@example.org");
    const browser = new Browser();
    const asked = { email: "ann@example.org", redirectTo: "/sign-in" };
    expect((await browser.ask("request-password-reset", asked)).status).toBe(200);
    await expect.poll(() => mail.textTo("ann@example.org")).toContain(`${here}/api/auth/reset-password/`);
    const [link = ""] = /https:\S+/.exec(mail.textTo("ann@example.org") ?? "") ?? [];
    const led = new URL((await browser.ask(link)).headers.get("location") ?? "", here);
    expect(led.pathname).toBe("/sign-in");
    const token = led.searchParams.get("token");
    const set = { newPassword: "another long password", token };
    expect((await browser.ask("reset-password", set)).status).toBe(200);
    expect((await browser.ask("reset-password", set)).status).toBe(400);
    expect(await before.who()).toEqual({ kind: "stranger" });
    expect((await browser.signIn("ann@example.org")).status).toBe(401);
    expect((await browser.signIn("ann@example.org", set.newPassword)).status).toBe(200);
    expect(await linesOf("account.resetPassword")).toHaveLength(1);
  });

  it("is no way to learn who has an account", async () => {
    const ask = async (email: string) => (await new Browser().ask("request-password-reset", { email })).text();
    expect(await ask("nobody@example.org")).toBe(await ask("ann@example.org"));
    expect(mail.textTo("nobody@example.org")).toBeUndefined();
  });
});

describe("an invitation", () => {
  it("is mailed, and makes one account for its address", async () => {
    const { teamId } = await db.membership.findFirstOrThrow({ where: { user: { email: "ann@example.org" } } });
    await invite(db, { email: "ben@example.org", teamId, role: "runner", invitedBy: null });
    await expect.poll(() => mail.textTo("ben@example.org")).toContain(`${here}/sign-in?invitation=`);
    const invitation = /invitation=([\w-]+)/.exec(mail.textTo("ben@example.org") ?? "")?.[1];
    const stranger = appRouter.createCaller({ db, actor: { kind: "stranger" } });
    const wanted = { name: "ben", email: "ben@example.org", password };
    await expect(stranger.account.signUp({ ...wanted, email: "eve@example.org", invitation })).rejects.toThrow();
    await expect(stranger.account.signUp(wanted)).rejects.toThrow("lets in those who were invited");
    await stranger.account.signUp({ ...wanted, invitation });
    await expect(stranger.account.signUp({ ...wanted, email: "eve@example.org", invitation })).rejects.toThrow();
    const browser = new Browser();
    expect((await browser.signIn("ben@example.org")).status).toBe(200);
    const role = await db.membership.findFirst({ where: { teamId, user: { email: "ben@example.org" } } });
    expect(role).toMatchObject({ role: "runner" });
  });
});

describe("a provider of OpenID Connect", () => {
  it("brings whoever was invited, by an address that it has verified", async () => {
    const { teamId } = await db.membership.findFirstOrThrow({ where: { user: { email: "ann@example.org" } } });
    await invite(db, { email: "cyd@example.org", teamId, role: "viewer", invitedBy: null });
    provider.signedIn = identity("cyd");
    const browser = new Browser();
    const back = await browser.through("sign-in/social", { provider: "oidc" });
    expect(back.headers.get("location")).toBe("/");
    expect(await browser.who()).toMatchObject({ kind: "user", name: "cyd", email: "cyd@example.org" });
    expect(provider.asked).toEqual(expect.arrayContaining(["/.well-known/openid-configuration", "/token"]));
    const again = new Browser();
    await again.through("sign-in/social", { provider: "oidc" });
    expect(await again.who()).toMatchObject({ email: "cyd@example.org" });
    expect(await db.user.count({ where: { email: "cyd@example.org" } })).toBe(1);
  });

  it.each([
    ["whom nobody invited", { ...identity("dan") }],
    ["whose address it has not verified", { ...identity("eve"), email_verified: false }],
  ])("does not bring somebody %s", async (_, who) => {
    if (!who.email_verified)
      await invite(db, { email: who.email, ...(await anyTeam()), role: "viewer", invitedBy: null });
    provider.signedIn = who;
    const browser = new Browser();
    const back = await browser.through("sign-in/social", { provider: "oidc" });
    expect(back.headers.get("location")).toContain("/sign-in?error=");
    expect(await browser.who()).toEqual({ kind: "stranger" });
    expect(await db.user.count({ where: { email: who.email } })).toBe(0);
  });

  it("does not take over an account of the same address that it has not verified", async () => {
    provider.signedIn = { sub: "mallory", name: "mallory", email: "ben@example.org", email_verified: false };
    const browser = new Browser();
    await browser.through("sign-in/social", { provider: "oidc" });
    expect(await browser.who()).toEqual({ kind: "stranger" });
  });

  it("is not believed what it did not say: another state, or a code of nobody's", async () => {
    const browser = new Browser();
    await browser.ask("sign-in/social", { provider: "oidc", callbackURL: "/" });
    const forged = await browser.ask("callback/oidc?code=x&state=forged");
    expect([302, 400, 401, 403]).toContain(forged.status);
    expect(await browser.who()).toEqual({ kind: "stranger" });
  });
});

describe("GitHub", () => {
  beforeEach(() => void vi.stubGlobal("fetch", github));
  const real = globalThis.fetch;
  afterAll(() => void vi.stubGlobal("fetch", real));

  /** What of GitHub's answers is needed. */
  const github: typeof fetch = async (input, init) => {
    const { href } = new URL(input instanceof Request ? input.url : input);
    if (href.startsWith("https://github.com/login/oauth/access_token"))
      return Response.json({ access_token: "github-access", token_type: "bearer", scope: "user:email" });
    if (href === "https://api.github.com/user")
      return Response.json({ id: 7, login: "fay", name: "fay", email: "fay@example.org", avatar_url: "" });
    if (href === "https://api.github.com/user/emails")
      return Response.json([{ email: "fay@example.org", primary: true, verified: true, visibility: "public" }]);
    return real(input, init);
  };

  it("is asked with the id of this installation, and brings whoever was invited", async () => {
    await invite(db, { email: "fay@example.org", ...(await anyTeam()), role: "viewer", invitedBy: null });
    const browser = new Browser();
    const asked = await browser.ask("sign-in/social", { provider: "github", callbackURL: "/" });
    const { url } = (await asked.json()) as { url: string };
    const to = new URL(url);
    expect(to.origin + to.pathname).toBe("https://github.com/login/oauth/authorize");
    expect(to.searchParams.get("client_id")).toBe("github-id");
    expect(to.searchParams.get("redirect_uri")).toBe(`${here}/api/auth/callback/github`);
    const back = await browser.ask(`callback/github?code=c&state=${to.searchParams.get("state")}`);
    expect(back.status).toBe(302);
    expect(await browser.who()).toMatchObject({ kind: "user", email: "fay@example.org" });
    const kept = await db.account.findFirstOrThrow({ where: { providerId: "github" } });
    expect(kept.accessToken).not.toContain("github-access");
  });
});

async function anyTeam(): Promise<{ teamId: string }> {
  const { teamId } = await db.membership.findFirstOrThrow({ where: { user: { email: "ann@example.org" } } });
  return { teamId };
}
