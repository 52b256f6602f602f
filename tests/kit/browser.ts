/** The product and a browser for the tests of a file: `withBrowser()`, and then `product` and `browser`. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { openBrowser, type Product, startProduct } from "./product";

export let product: Product;
export let browser: Browser;

/** Starts both before the file's tests, the product with these settings, and ends both behind them. */
export function withBrowser(env: Record<string, string> = {}): void {
  beforeAll(async () => {
    product = await startProduct(env);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });
}

/** Starts the product again where it was, on its data and its port, after it was killed. */
export async function startAgain(): Promise<void> {
  const { data, url } = product;
  product = await startProduct({ PATCHBAY_DATA: data, PORT: new URL(url).port });
}
