/** The product behind a proxy that has it below a path, as people use it. tests/below-a-path.test.ts is for others. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "../kit/canvas";
import { openPathProxy, type PathProxy } from "../kit/path-proxy";
import { openBrowser, type Product, startProduct } from "../kit/product";

const path = "/patchbay";
const password = "a long password";
let proxy: PathProxy;
let product: Product;
let browser: Browser;
let ann: Page;
/** What went wrong in any page: scripts that failed, and answers that were none. */
const wrong: string[] = [];

beforeAll(async () => {
  proxy = await openPathProxy(path, () => product.url);
  product = await startProduct({
    PATCHBAY_ACCOUNTS: "1",
    PATCHBAY_KEY: Buffer.alloc(32, 5).toString("base64"),
    PATCHBAY_PUBLIC_URL: `${proxy.url}/`,
  });
  browser = await openBrowser();
  ann = await visit("/");
}, 600_000);

afterAll(async () => {
  await browser?.close();
  await product?.stop();
  proxy?.close();
});

/** A browser of somebody's, who is written down wherever an answer fails. */
async function visit(where: string, context?: BrowserContext): Promise<Page> {
  const page = await (context ?? (await browser.newContext({ viewport: { width: 1440, height: 900 } }))).newPage();
  page.setDefaultTimeout(90_000);
  page.on("pageerror", ({ message }) => wrong.push(message));
  page.on("response", (answer) => {
    if (answer.status() >= 400) wrong.push(`${answer.status()} ${answer.url()}`);
  });
  await page.goto(where.startsWith("http") ? where : proxy.url + where);
  return page;
}

/** Asks as a script of the page does. */
const asks = <T>(page: Page, where: string, json?: object): Promise<T> =>
  page.evaluate(
    async ({ url, body }) => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body };
      const answer = await fetch(url, body === undefined ? {} : init);
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      return (await answer.json()).result.data.json;
    },
    { url: proxy.url + where, body: json && JSON.stringify({ json }) },
  );

const inputOf = (json: object) => `?input=${encodeURIComponent(JSON.stringify({ json }))}`;
const pathOf = (page: Page) => new URL(page.url()).pathname;

/** Waits until the page listens: what is clicked before is lost. */
const isAwake = (page: Page) =>
  page.waitForFunction(() =>
    Object.keys(document.querySelector("button") ?? {}).some((name) => name.startsWith("__reactProps")),
  );

let graph: string;
let version: string;
let run: string;

describe("people", () => {
  it("are led to where they sign in, make an account, and see pictures of the gallery", async () => {
    expect(pathOf(ann)).toBe(`${path}/sign-in`);
    await ann.fill("[name=name]", "Ann");
    await ann.fill("[name=email]", "ann@example.org");
    await ann.fill("[name=password]", password);
    await ann.click("button:has-text('Make the account')");
    await ann.waitForURL(proxy.url);
    await ann.waitForSelector("[data-template] img");
    const [cookie] = await ann.context().cookies();
    expect(cookie).toMatchObject({ path, httpOnly: true, sameSite: "Lax" });
    await isAwake(ann);
  });

  it("open a graph, run it, and see it going on and what it gives", async () => {
    ({ id: graph } = await asks<{ id: string }>(ann, "/api/trpc/graphs.create", { template: "image-embeddings" }));
    await ann.goto(`${proxy.url}/graphs/${graph}`);
    await ann.waitForSelector('[data-node="data"]');
    await runToEnd(ann);
    await ann.waitForSelector(`[data-node] img[src^="${path}/api/blobs/"]`, { state: "attached" });
    const status = await ann.locator("[data-run-status]").getAttribute("href");
    expect(status).toMatch(new RegExp(`^${path}/runs/[\\w-]+$`));
    run = status?.split("/").at(-1) ?? "";
  });

  it("go from page to page", async () => {
    const pages = ["/account", "/people", "/audit", "/runs", "/sweeps", "/apps", `/graphs/${graph}/versions`];
    for (const each of [...pages, `/runs/${run}`, `/graphs/${graph}/people`]) {
      expect((await ann.goto(proxy.url + each))?.status()).toBe(200);
      await isAwake(ann);
      const outside = await ann.evaluate((below) => {
        const named = [...document.querySelectorAll("[href], [src], [action]")].flatMap((element) =>
          ["href", "src", "action"].map((name) => element.getAttribute(name) ?? ""),
        );
        return named.filter((name) => /^\/(?!\/)/.test(name) && name !== below && !name.startsWith(`${below}/`));
      }, path);
      expect([each, outside]).toEqual([each, []]);
    }
    await ann.goto(`${proxy.url}/api-docs`);
    await ann.waitForSelector(".opblock");
    await ann.goto(proxy.url);
    await ann.click("nav >> text=Runs");
    await ann.waitForURL(`${proxy.url}/runs`);
  });
});

describe("links", () => {
  it("are shown to strangers with their pictures, and taken along", async () => {
    await asks(ann, "/api/trpc/graphs.nameVersion", { id: graph, label: "for others" });
    const versions = await asks<{ id: string }[]>(ann, `/api/trpc/graphs.versions${inputOf({ id: graph })}`);
    version = versions[0]?.id ?? "";
    await ann.goto(`${proxy.url}/graphs/${graph}`);
    await ann.waitForSelector("[data-node]");
    await ann.getByRole("button", { name: "More" }).click();
    await ann.getByText("Share by a link…").click();
    await ann.getByRole("button", { name: "Make the link" }).click();
    const fields = ann.locator("[data-made-link] input");
    const address = await fields.first().inputValue();
    expect(address).toMatch(new RegExp(`^${proxy.url}/s/`));
    expect(await fields.nth(1).inputValue()).toContain(`src="${proxy.url}/embed/`);
    const stranger = await visit(address);
    await stranger.locator("[data-result] img").first().waitFor();
    const picture = await stranger.locator('meta[property="og:image"]').getAttribute("content");
    expect(picture).toMatch(new RegExp(`^${proxy.url}/s/`));
    expect((await fetch(picture ?? "")).status).toBe(200);
    for (const name of ["Bundle", "Graph"]) {
      const taken = await stranger.getByRole("link", { name, exact: true }).getAttribute("href");
      expect((await fetch(new URL(taken ?? "", proxy.url))).status).toBe(200);
    }
    await stranger.goto(address.replace("/s/", "/embed/"));
    await stranger.locator("[data-embed] img").first().waitFor();
    await stranger.context().close();
  });

  it("open by their password, and are made one's own", async () => {
    const wanted = { source: { version, run }, leaveOut: {}, resultFiles: false, sites: [], password: "open sesame" };
    const { token } = await asks<{ token: string }>(ann, "/api/trpc/links.make", wanted);
    const page = await visit(`/s/${token}`, ann.context());
    await page.getByLabel("Password").fill("open sesame");
    await page.getByRole("button", { name: "Open" }).click();
    await page.locator("[data-shared]").waitFor();
    expect(pathOf(page)).toBe(`${path}/s/${token}`);
    await page.getByRole("button", { name: "Fork" }).click();
    await page.waitForURL(/\/graphs\/[\w-]+$/);
    expect(pathOf(page)).toMatch(new RegExp(`^${path}/graphs/`));
    await page.close();
  });
});

it("whoever signs out is led back, and nothing was asked for beside the path", async () => {
  await ann.goto(`${proxy.url}/account`);
  await isAwake(ann);
  expect(wrong).toEqual([]);
  await ann.click("text=Sign out");
  await ann.waitForURL(`${proxy.url}/sign-in`);
  // What a page had just asked for may be refused now.
  expect(wrong.filter((each) => !each.startsWith("401 "))).toEqual([]);
  expect(proxy.beside).toEqual([]);
});
