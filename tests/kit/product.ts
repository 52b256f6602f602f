/** The whole product as a user starts it, and a browser to walk through it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import type { GraphDocument } from "#nodes/graph/document";
import { temporaryFolder } from "./run-node";

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

export interface Product {
  url: string;
  process: ChildProcess;
  data: string;
  log(): string;
  stop(): Promise<void>;
}

/** `npm start` as a user runs it, on a folder of its own. */
export async function startProduct(env: Record<string, string> = {}): Promise<Product> {
  const data = env.PATCHBAY_DATA ?? join(await temporaryFolder(), "data");
  const port = env.PORT ?? String(await freePort());
  const child = spawn(process.execPath, ["scripts/start.mjs"], {
    env: { ...process.env, DATABASE_URL: "", LOG_LEVEL: "warn", ...env, PATCHBAY_DATA: data, PORT: port },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  const listen = (chunk: Buffer) => {
    log += chunk;
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  await new Promise<void>((ready, fail) => {
    const look = setInterval(() => {
      if (!log.includes("Patchbay is ready")) return;
      clearInterval(look);
      ready();
    }, 100);
    child.once("exit", () => {
      clearInterval(look);
      fail(new Error(`npm start ended:\n${log}`));
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    process: child,
    data,
    log: () => log,
    async stop() {
      child.kill("SIGINT");
      await exited;
    },
  };
}

/** The address of the database that the product keeps in its data folder. */
export function databaseOf(data: string): string {
  const port = readFileSync(join(data, "pg", "postmaster.pid"), "utf8")
    .split("\n")[3]
    ?.trim();
  const password = readFileSync(join(data, "pg.password"), "utf8").trim();
  return `postgresql://patchbay:${password}@127.0.0.1:${port}/patchbay`;
}

/** Saves a document, and gives the address of its editor. */
export async function createGraph(url: string, document: GraphDocument): Promise<string> {
  const answer = await fetch(`${url}/api/trpc/graphs.create`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ json: { document } }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  const { result } = (await answer.json()) as { result: { data: { json: { id: string } } } };
  return `${url}/graphs/${result.data.json.id}`;
}

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM_PATH || undefined,
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

/** Brings all nodes into view: a graph opens where its beginning can be read. */
export async function showAll(page: Page): Promise<void> {
  await page.waitForTimeout(700);
  await page.keyboard.press("1");
  await page.waitForTimeout(300);
}

/** A page that fails the test when a script on it does. */
export async function openPage(
  browser: Browser,
  { width = 1440, height = 900, dark = false, scale = 1 } = {},
): Promise<{ page: Page; errors: string[]; shot(name: string): Promise<void> }> {
  const page = await browser.newPage({
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme: dark ? "dark" : "light",
  });
  const errors: string[] = [];
  page.on("pageerror", (e) => errors.push(e.message));
  mkdirSync("test-results/shots", { recursive: true });
  return {
    page,
    errors,
    shot: async (name) => void (await page.screenshot({ path: `test-results/shots/${name}.png` })),
  };
}
