import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorOf } from "../scripts/gen/markdown";

const inDocs = readdirSync("docs", { recursive: true, encoding: "utf8" }).map((file) => join("docs", file));
const pages = [...readdirSync("."), ...inDocs].filter((file) => file.endsWith(".md"));
const textOf = (page: string) => readFileSync(page, "utf8");

it("the pages are README, CONTRIBUTING, CHANGELOG and those under docs", () =>
  expect(pages).toEqual(
    expect.arrayContaining(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", join("docs", "architecture.md")]),
  ));

describe.each(pages)("%s", (page) => {
  it("has links and pictures that lead somewhere", () => expect(brokenLinks(page)).toEqual([]));

  it("names npm scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    const named = [...textOf(page).matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(start|test)\b)/g)];
    const missing = named.map(([, script, short]) => script ?? short ?? "").filter((name) => !(name in scripts));
    expect(missing).toEqual([]);
  });
});

/** Links to files that are not there, and to anchors that no heading makes. */
function brokenLinks(page: string): string[] {
  const prose = textOf(page)
    .replace(/^```.*?^```/gms, "")
    .replace(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^(https?|mailto):/.test(target) && !leadsSomewhere(page, target));
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path ? normalize(join(dirname(page), decodeURIComponent(path))) : page;
  if (file.startsWith("..") || !existsSync(file)) return false;
  if (anchor === undefined) return true;
  return statSync(file).isFile() && anchorsIn(file).has(decodeURIComponent(anchor));
}

/** As GitHub makes them: the second heading of the same words ends with -1, the third with -2. */
function anchorsIn(page: string): Set<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  const prose = textOf(page).replace(/^```.*?^```/gms, "");
  for (const [, heading = ""] of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = anchorOf(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1"));
    const count = seen.get(anchor) ?? 0;
    anchors.add(count ? `${anchor}-${count}` : anchor);
    seen.set(anchor, count + 1);
  }
  return anchors;
}
