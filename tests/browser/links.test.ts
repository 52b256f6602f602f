/** What a link shows in a browser that knows nobody here: its page, its embedded view, its ends. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findingsInBothLooks } from "../kit/axe";
import { browser, product, withBrowser } from "../kit/browser";
import { sql } from "../kit/database";
import { openPage } from "../kit/product";

withBrowser();

type Making = { source?: object; days?: number; password?: string; sites?: string[]; leaveOut?: object };
let version: string;
let run: string;
let graph: string;
const sites: Server[] = [];

async function call<T>(path: string, json: object, method: "GET" | "POST" = "POST"): Promise<T> {
  const sent = JSON.stringify({ json });
  const address = `${product.url}/api/trpc/${path}`;
  const answer =
    method === "POST"
      ? await fetch(address, { method, headers: { "content-type": "application/json" }, body: sent })
      : await fetch(`${address}?input=${encodeURIComponent(sent)}`);
  if (!answer.ok) throw new Error(await answer.text());
  return ((await answer.json()) as { result: { data: { json: T } } }).result.data.json;
}

async function makeLink(asked: Making = {}): Promise<{ id: string; token: string }> {
  return call("links.make", { source: { version, run }, leaveOut: {}, resultFiles: false, sites: [], ...asked });
}

/** Has a link's time be over. */
async function end(link: string): Promise<void> {
  const port = readFileSync(join(product.data, "pg", "postmaster.pid"), "utf8")
    .split("\n")[3]
    ?.trim();
  const password = readFileSync(join(product.data, "pg.password"), "utf8").trim();
  const url = `postgresql://patchbay:${password}@127.0.0.1:${port}/patchbay`;
  await sql(url, `update "Link" set "expiresAt" = now() - interval '1 minute' where "id" = '${link}'`);
}

/** A graph that is fast and shows pictures, run and named. */
beforeAll(async () => {
  const { id } = await call<{ id: string }>("graphs.create", { template: "image-embeddings" });
  graph = id;
  const { document } = await call<{ document: object }>("graphs.get", { id }, "GET");
  run = (await call<{ id: string }>("runs.create", { graphId: id, document })).id;
  const statusOf = async () => (await call<{ status: string }>("runs.get", { id: run }, "GET")).status;
  await vi.waitFor(async () => expect(await statusOf()).toBe("done"), { timeout: 240_000, interval: 1000 });
  await call("graphs.nameVersion", { id, label: "for others" });
  version = (await call<{ id: string }[]>("graphs.versions", { id }, "GET"))[0]?.id ?? "";
}, 300_000);

afterAll(() => {
  for (const site of sites) site.close();
});

/** A profile of its own: no cookie, nothing kept. */
async function stranger(size = { width: 1280, height: 900 }): Promise<Page> {
  const context = await browser.newContext({ viewport: size, deviceScaleFactor: 2 });
  return context.newPage();
}

describe("a share link", () => {
  it("shows graph and results to somebody without a session, and asks nothing else of the server", async () => {
    const { token } = await makeLink();
    const page = await stranger();
    const asked: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    page.on("pageerror", (error) => errors.push(error.message));
    const answer = await page.goto(`${product.url}/s/${token}`);
    await page.locator("[data-result] img").first().waitFor();
    expect(answer?.headers()["x-robots-tag"]).toContain("noindex");
    expect(await page.locator('meta[name="robots"]').getAttribute("content")).toContain("noindex");
    expect(await page.locator("[data-shared] h1").textContent()).toBe("Image embeddings");
    await expect.poll(() => page.locator("[data-shared] svg [data-node]").count()).toBeGreaterThan(5);
    const isAllowed = (path: string) => path.startsWith(`/s/${token}`) || /^\/(_next|icon|favicon)/.test(path);
    expect(asked.filter((path) => !isAllowed(path))).toEqual([]);
    const isDrawn = await page
      .locator("[data-result] img")
      .evaluateAll((images) =>
        images.every(
          (image) => (image as HTMLImageElement).naturalWidth > 0 || image.getAttribute("loading") === "lazy",
        ),
      );
    expect([isDrawn, errors]).toEqual([true, []]);
    expect(await findingsInBothLooks(page, "a link")).toEqual([]);
    await page.context().close();
  });

  it("is legible on a phone: one column, nothing wider than the screen", async () => {
    const { token } = await makeLink();
    const page = await stranger({ width: 390, height: 844 });
    await page.goto(`${product.url}/s/${token}`);
    await page.locator("[data-result] img").first().waitFor();
    const { wide, lefts } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      lefts: [...document.querySelectorAll("[data-result]")].map((card) =>
        Math.round(card.getBoundingClientRect().left),
      ),
    }));
    expect(wide).toBe(390);
    expect(new Set(lefts).size).toBe(1);
    await page.screenshot({ path: "test-results/shots/link-on-a-phone.png", fullPage: true });
    await page.context().close();
  });

  it("is made in the editor, after a list of what leaves, and taken back there", async () => {
    const { page, errors } = await openPage(browser);
    await page.goto(`${product.url}/graphs/${graph}`);
    await page.waitForSelector("[data-node]");
    await page.getByRole("button", { name: "More" }).click();
    await page.getByText("Share by a link…").click();
    await page
      .locator("[data-leaving]")
      .getByText(/Results of \d+ node/)
      .waitFor();
    await page.screenshot({ path: "test-results/shots/share-window.png" });
    expect(await findingsInBothLooks(page, "sharing")).toEqual([]);
    await page.getByRole("button", { name: "Make the link" }).click();
    const address = await page.locator("[data-made-link] input").first().inputValue();
    const visitor = await stranger();
    expect((await visitor.goto(address))?.status()).toBe(200);
    const picture = await visitor.locator('meta[property="og:image"]').getAttribute("content");
    expect(picture).toMatch(/\/s\/.{43}\/files\//);
    // Programs that show an address which is passed on have no session, and take pictures of some size.
    const shown = await fetch(picture ?? "");
    expect([shown.status, shown.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(Number(await visitor.locator('meta[property="og:image:width"]').getAttribute("content"))).toBeGreaterThan(
      600,
    );
    expect(await visitor.locator('meta[name="twitter:card"]').getAttribute("content")).toBe("summary_large_image");
    await page.getByRole("radio", { name: /^Links/ }).click();
    await page
      .getByRole("button", { name: /^Change / })
      .first()
      .click();
    await page.locator("[data-change-link]").getByLabel("Sites that may show it in a frame").fill("https://a.example");
    await page.locator("[data-change-link]").getByLabel("Shown").selectOption({ label: "for a week from now" });
    await page.screenshot({ path: "test-results/shots/link-changed.png" });
    await page.locator("[data-change-link]").getByRole("button", { name: "Change", exact: true }).click();
    await page.getByText("in frames of a.example").first().waitFor();
    const policy = (await fetch(address.replace("/s/", "/embed/"))).headers.get("content-security-policy");
    expect(policy).toContain("frame-ancestors https://a.example");
    expect((await visitor.goto(address))?.status()).toBe(200);
    await page
      .getByRole("button", { name: /^Take back/ })
      .first()
      .click();
    await expect.poll(async () => (await visitor.goto(address))?.status()).toBe(404);
    await visitor.locator("[data-link-closed]").waitFor();
    expect(errors).toEqual([]);
    await visitor.context().close();
    await page.close();
  });

  it("asks for its password, without saying of what, and opens by it", async () => {
    const { token } = await makeLink({ password: "open sesame" });
    const page = await stranger();
    await page.goto(`${product.url}/s/${token}`);
    expect(await page.content()).not.toContain("Image embeddings");
    expect((await fetch(`${product.url}/s/${token}/graph`)).status).toBe(401);
    await page.getByLabel("Password").fill("close sesame");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("This is not the password.").waitFor();
    await page.getByLabel("Password").fill("open sesame");
    await page.getByRole("button", { name: "Open" }).click();
    await page.locator("[data-shared]").waitFor();
    await page.context().close();
  });

  it("says plainly that its time is over, and in a frame that it asks for a password", async () => {
    const link = await makeLink({ days: 1, sites: ["https://a.example"] });
    await end(link.id);
    const page = await stranger({ width: 390, height: 844 });
    for (const view of ["s", "embed"]) {
      expect((await page.goto(`${product.url}/${view}/${link.token}`))?.status()).toBe(404);
      await page.getByRole("heading", { name: "This link shows nothing any more" }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      expect(await page.locator('meta[name="robots"]').first().getAttribute("content")).toContain("noindex");
    }
    await page.screenshot({ path: "test-results/shots/link-over.png" });
    const locked = await makeLink({ password: "open sesame", sites: ["https://a.example"] });
    await page.goto(`${product.url}/embed/${locked.token}`);
    await page.getByText("This link asks for a password").waitFor();
    await page.screenshot({ path: "test-results/shots/embed-locked.png" });
    expect(await page.content()).not.toContain("Image embeddings");
    await page.context().close();
  });

  it("is of runs side by side, frozen, without a graph to fork", async () => {
    const stored = await call<{ document: object }>("graphs.get", { id: graph }, "GET");
    const other = (await call<{ id: string }>("runs.create", { graphId: graph, document: stored.document })).id;
    const statusOf = async () => (await call<{ status: string }>("runs.get", { id: other }, "GET")).status;
    await vi.waitFor(async () => expect(await statusOf()).toBe("done"), { timeout: 240_000, interval: 1000 });
    const { token } = await makeLink({ source: { runs: [run, other] } });
    await call("runs.remove", { id: other });
    const page = await stranger({ width: 390, height: 844 });
    const answer = await page.goto(`${product.url}/s/${token}`);
    expect([answer?.status(), await page.locator("[data-shared] h1").textContent()]).toEqual([200, "2 runs"]);
    await page.locator('section[aria-label="Results"] table').first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await page.getByRole("button", { name: "Fork" }).count()).toBe(0);
    await page.screenshot({ path: "test-results/shots/link-of-runs.png", fullPage: true });
    await page.context().close();
  });

  it("shows nothing when it was taken back, is over, or never was", async () => {
    const { id, token } = await makeLink();
    await call("links.revoke", { id });
    for (const address of [`s/${token}`, `embed/${token}`, `s/${token}/graph`, `s/${"a".repeat(43)}`, "s/..%2fgraphs"])
      expect((await fetch(`${product.url}/${address}`)).status, address).toBe(404);
  });

  it("is forked into a graph of one's own, and downloaded", async () => {
    const { token } = await makeLink();
    const { page } = await openPage(browser);
    await page.goto(`${product.url}/s/${token}`);
    const answer = await fetch(`${product.url}/s/${token}/graph`);
    expect(await answer.json()).toMatchObject({ name: "Image embeddings" });
    await page.getByRole("button", { name: "Fork" }).click();
    await page.waitForURL(/\/graphs\//);
    expect(page.url()).not.toContain(graph);
    await page.close();
  });
});

describe("an embedded view", () => {
  /** A site of its own with a page that frames an address. */
  async function siteThatFrames(address: () => string): Promise<string> {
    const server = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<title>A site</title><iframe src="${address()}" width="800" height="500"></iframe>`);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    sites.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it("is framed by a site that was allowed, and by no other; no other page is", async () => {
    let address = "";
    const allowed = await siteThatFrames(() => address);
    const other = await siteThatFrames(() => address);
    const { token } = await makeLink({ sites: [allowed] });
    const isShown = async (site: string, framed: string) => {
      address = framed;
      const page = await stranger();
      await page.goto(site);
      const frame = page.frames()[1];
      await page.waitForTimeout(1500);
      const shown =
        (await frame
          ?.locator("[data-embed], [data-shared]")
          .count()
          .catch(() => 0)) ?? 0;
      if (shown) await page.screenshot({ path: "test-results/shots/embed.png" });
      await page.context().close();
      return shown > 0;
    };
    const embed = `${product.url}/embed/${token}`;
    expect([await isShown(allowed, embed), await isShown(other, embed)]).toEqual([true, false]);
    expect(await isShown(allowed, `${product.url}/s/${token}`)).toBe(false);
    const headers = (path: string) => fetch(`${product.url}/${path}`).then((answer) => answer.headers);
    expect((await headers(`embed/${token}`)).get("content-security-policy")).toContain(`frame-ancestors ${allowed}`);
    expect((await headers(`embed/${token}`)).get("x-frame-options")).toBeNull();
    for (const path of ["", `s/${token}`, "runs", "apps"])
      expect((await headers(path)).get("x-frame-options"), path).toBe("DENY");
  });
});
