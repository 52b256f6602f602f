/** What an editor loads before anything is asked for. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scriptsOf, totalOf } from "#tests/kit/bundle";
import { type Product, startProduct } from "#tests/kit/product";

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 600_000);
afterAll(() => product?.stop());

describe("the first load", () => {
  it("of the editor is less than 515 kB of JavaScript as it is sent", () => {
    const sizes = scriptsOf("/graphs/[id]/page");
    expect(sizes.size).toBeGreaterThan(3);
    expect(totalOf(sizes)).toBeLessThan(515_000);
  });

  it("of the start page is less than that of the editor", () => {
    expect(totalOf(scriptsOf("/page"))).toBeLessThan(totalOf(scriptsOf("/graphs/[id]/page")));
  });
});
