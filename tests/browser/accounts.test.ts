/** Accounts on: signing up, inviting, roles, one graph for one person, and leaving, as people do it. */
import type { Browser, Page } from "playwright-core";
import { expect, it } from "vitest";
import { findingsInBothLooks } from "../kit/axe";
import { browser, product, withOwnProduct } from "../kit/browser";

withOwnProduct({ PATCHBAY_ACCOUNTS: "1", PATCHBAY_KEY: Buffer.alloc(32, 3).toString("base64") });

const password = "a long password";
/** What is called so on a page is shown so. */
const hostile = "<img src=x onerror=alert(1)>";

it("people sign up, invite, share a graph with a role, and leave", async () => {
  const ann = await visit(browser, product.url);
  await ann.waitForSelector("text=The first account runs this installation");
  const found = await findingsInBothLooks(ann, "signing up");
  ann.on("dialog", () => found.push("a text of a stranger was run as a script"));
  await makeAccount(ann, `Ann ${hostile}`, "ann@example.org");
  await ann.click("text=New graph");
  await ann.waitForURL(/\/graphs\/[\w-]+$/);
  const graph = ann.url();

  await ann.goto(`${product.url}/account`);
  await submit(ann, "A new team", { name: "Vision" });
  await ann.click("a:text-is('Vision')");
  await ann.waitForURL(/\/teams\//);
  const team = ann.url();
  await ann.click("text=Rename");
  await submit(ann, "Name of the team", { name: `Vision ${hostile}` });
  await ann.waitForSelector(`h1:text-is('Vision ${hostile}')`);
  const invitation = await invite(ann, "ben@example.org", "runner");

  const ben = await visit(browser, invitation);
  await ben.waitForSelector(`text=You were invited into the team Vision ${hostile}`);
  await makeAccount(ben, "Ben");
  expect((await ben.goto(graph))?.status()).toBe(404);

  await ann.goto(`${graph}/people`);
  await submit(ann, "E-mail of an account here", { email: "ben@example.org" });
  await ann.waitForSelector("li:has-text('Ben')");
  expect((await ben.goto(graph))?.status()).toBe(200);
  expect((await ben.goto(`${graph}/people`))?.status()).toBe(404);

  await ben.goto(team);
  await ben.waitForSelector(`li:has-text('Ann ${hostile}')`);
  found.push(...(await findingsInBothLooks(ben, "a team")));
  expect(await ben.locator("text=Take out").count()).toBe(0);
  await ben.click("text=Leave this team");
  await ben.click("role=alertdialog >> role=button[name=Leave]");
  await ben.waitForURL(/\/account$/);
  expect((await ben.goto(team))?.status()).toBe(404);

  await ann.goto(`${product.url}/audit`);
  await ann.waitForSelector("td:has-text('remove member')");
  for (const path of ["audit", "people", "account"]) {
    await ann.goto(`${product.url}/${path}`);
    await ann.waitForSelector(`text=Ann ${hostile}`);
    found.push(...(await findingsInBothLooks(ann, path)));
  }
  expect((await ben.goto(`${product.url}/audit`))?.status()).toBe(404);

  await ben.goto(`${product.url}/account`);
  await ben.click("text=Sign out");
  await ben.waitForURL(/\/sign-in/);
  await ben.goto(graph);
  expect(ben.url()).toMatch(/\/sign-in$/);
  expect(found).toEqual([]);
});

/** A browser of somebody else's: with no session yet. */
async function visit(on: Browser, url: string): Promise<Page> {
  const page = await (await on.newContext()).newPage();
  page.setDefaultTimeout(90_000);
  await page.goto(url);
  return page;
}

async function makeAccount(page: Page, name: string, email?: string): Promise<void> {
  await page.fill("[name=name]", name);
  if (email) await page.fill("[name=email]", email);
  await page.fill("[name=password]", password);
  await page.click("button:has-text('Make the account')");
  await page.waitForSelector("[data-template]");
  await isAwake(page);
}

/** Fills the form that has a field of this name, and sends it. */
async function submit(page: Page, label: string, values: Record<string, string>): Promise<void> {
  const form = page.locator("form", { hasText: label });
  await form.waitFor();
  await isAwake(page);
  for (const [name, value] of Object.entries(values)) await form.locator(`[name=${name}]`).fill(value);
  await form.locator("button[type=submit]").click();
}

async function invite(page: Page, email: string, role: string): Promise<string> {
  const form = page.locator("form", { hasText: "E-mail" });
  await form.locator("[name=role]").selectOption(role);
  await submit(page, "E-mail", { email });
  return page.locator("[data-invitation] input").inputValue();
}

/** Waits until the page listens: what is clicked before is lost. */
async function isAwake(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    Object.keys(document.querySelector("button") ?? {}).some((name) => name.startsWith("__reactProps")),
  );
}
