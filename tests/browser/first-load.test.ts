/** What an editor loads before anything is asked for. */
import { describe, expect, it } from "vitest";
import { scriptsOf, totalOf } from "#tests/kit/bundle";
import { graph } from "#tests/kit/graphs";
import { browser, product, withBrowser } from "../kit/browser";
import { createGraph, openPage } from "../kit/product";

withBrowser();

describe("the first load", () => {
  it("of the editor is less than 450 kB of JavaScript as it is sent", () => {
    const sizes = scriptsOf("/graphs/[id]/page");
    expect(sizes.size).toBeGreaterThan(3);
    expect(totalOf(sizes)).toBeLessThan(450_000);
  });

  it("of the start page is less than that of the editor", () => {
    expect(totalOf(scriptsOf("/page"))).toBeLessThan(totalOf(scriptsOf("/graphs/[id]/page")));
  });

  it("of the editor begins before the graph is checked: the server sends it with an empty frame", async () => {
    const url = await createGraph(product.url, graph({ text: ["text.input", { text: "hello there" }] }));
    const html = await (await fetch(url)).text();
    expect(html).toContain("hello there");
    expect(html).toContain('aria-busy="true"');
    for (const drawn of ["Search nodes", "Inspector", "react-flow"]) expect(html).not.toContain(`${drawn}"`);
  });

  it("leaves out what is there all the same when it is asked for at once: menus, lists, notices", async () => {
    const { page, errors } = await openPage(browser);
    await page.goto(await createGraph(product.url, graph({ text: ["text.input", { text: "hello" }] })));
    await page.waitForSelector('[data-node="text"]');
    await page.locator('[data-node="text"]').click({ button: "right" });
    const menu = page.locator('[data-menu="node"]');
    await menu.getByText("Duplicate").click();
    await expect.poll(() => page.locator(".react-flow__node [data-node]").count()).toBe(2);
    await page.keyboard.press("Control+z");
    await expect.poll(() => page.locator(".react-flow__node [data-node]").count()).toBe(1);

    const more = page.getByRole("button", { name: "More", exact: true });
    await more.click();
    expect(await more.getAttribute("aria-expanded")).toBe("true");
    await page.getByRole("menuitem", { name: "Name this version…" }).click();
    await page.getByPlaceholder("What makes it worth keeping").fill("first");
    await page.getByRole("button", { name: "Keep", exact: true }).click();
    await page.getByText("“first” is version 1.").waitFor();
    await more.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
    expect(await page.locator("[role=menuitem][data-highlighted]").textContent()).toContain("Share by a link");
    await page.keyboard.press("Escape");
    await expect.poll(() => more.evaluate((button) => button === document.activeElement)).toBe(true);
    expect(errors).toEqual([]);
    await page.close();
  });
});
