/** What axe finds on a page that keeps people from it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Finding {
  impact: string;
  id: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** All serious and critical findings, in words. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = await page.evaluate<{ violations: Finding[] }>(
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`));
}

/** The same by light and dark; each finding begins with what was looked at. */
export async function findingsInBothLooks(page: Page, what: string): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.waitForFunction(
      (isDark) => document.documentElement.matches(".dark") === isDark,
      colorScheme === "dark",
    );
    // Colours that were on their way have arrived.
    await page.waitForFunction(() => !document.getAnimations().some((each) => each instanceof CSSTransition));
    await page.waitForTimeout(250);
    found.push(...(await findings(page)).map((each) => `${what}, ${colorScheme}: ${each}`));
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
  return found;
}
