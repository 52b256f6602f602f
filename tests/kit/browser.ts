/**
 * The product and a browser for the tests of a file, and then `product` and `browser`: `withBrowser()` has the product
 * that a worker's files share, `withOwnProduct()` one of the file's own.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { Client } from "./client";
import { openBrowser, type Product, startProduct } from "./product";

export let product: Product;
export let browser: Browser;

let shared: Promise<Product> | undefined;

/**
 * A product that files before this one may have used: graphs, runs and kept results of theirs can be there. It is
 * started for the first file of a worker, and ends with the run, see temporary.ts.
 */
export function withBrowser(): void {
  withBoth(() => {
    shared ??= startProduct();
    return shared;
  });
  afterAll(endRuns);
}

/** A product of the file's own: where it is stopped, set up, or must not know what other files made. */
export function withOwnProduct(env: Record<string, string> = {}): void {
  withBoth(() => startProduct(env));
  afterAll(() => product?.stop());
}

function withBoth(start: () => Promise<Product>): void {
  beforeAll(async () => {
    product = await start();
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
}

/** What a file left running would keep the next one's runs waiting. */
async function endRuns(): Promise<void> {
  const client = new Client(product.url);
  const { running, waiting } = await client.query("runs.queue");
  for (const { id } of [...running, ...waiting]) await client.call("runs.cancel", { id });
}

/** Starts the product again where it was, on its data and its port, after it was killed. */
export async function startAgain(): Promise<void> {
  const { data, url } = product;
  product = await startProduct({ PATCHBAY_DATA: data, PORT: new URL(url).port });
}
