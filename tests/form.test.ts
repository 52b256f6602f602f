import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folders = ["app", "bench", "models", "nodes", "prisma", "scripts", "server", "tests"];
const code = /\.(tsx?|m?js|cjs|css|py)$/;
/** Written by a program, CONTRIBUTING says by which; and fixtures that are kept as they came. */
const generated = /\.gen\.ts$|^prisma\/generated\/|^tests\/fixtures\/conformance\//;
const tests = /^tests\/|\.test\.tsx?$/;

const inFolders = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
);
const files = [...readdirSync("."), ...inFolders].filter((file) => code.test(file) && !generated.test(file));
const linesOf = (file: string) => readFileSync(file, "utf8").split("\n");

/** The type scale of docs/design-notes.md, in pixels; app/globals.css gives its sizes names. */
const scale = [11, 12, 13, 15, 20];

describe("what is drawn can be read", () => {
  it("in the sizes of one type scale, by their names; drawings by numbers", () => {
    const drawn = files.filter((file) => file.startsWith(join("app", "/")));
    const odd = drawn.flatMap((file) =>
      linesOf(file).flatMap((line, i) => (isOffScale(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
    );
    expect(drawn.length).toBeGreaterThan(100);
    expect(odd).toEqual([]);
  });
});

/** Whether a line has a size of text as a number in a class, or one that is not in the scale. */
function isOffScale(line: string): boolean {
  if (/\btext-\[[\d.]+(px|r?em)\]|\btext-(lg|[2-9]xl)\b/.test(line)) return true;
  const sizes = [...line.matchAll(/font-?size["']?[:=]\s*["']?([\d.]+)(px)?\b|([\d.]+)px system-ui/gi)];
  return sizes.some(([, size, , drawn]) => !scale.includes(Number(size ?? drawn)));
}

describe("the code can be read", () => {
  it("is where this test looks for it", () => expect(files.length).toBeGreaterThan(300));

  it("in lines of at most 120 characters, but for twenty with a string that cannot be broken", () => {
    const long = files.flatMap((file) =>
      linesOf(file)
        .map((line, i) => ({ where: `${file}:${i + 1}`, line }))
        .filter(({ line }) => line.length > 120),
    );
    const breakable = long.filter(({ line }) => !hasLongString(line));
    expect(breakable.map(({ where }) => where)).toEqual([]);
    expect(long.length, long.map(({ where }) => where).join("\n")).toBeLessThanOrEqual(20);
  });

  it("in files of at most 400 lines, tests aside", () => {
    const long = files.filter((file) => !tests.test(file) && linesOf(file).length > 401); // one follows the last \n
    expect(long).toEqual([]);
  });
});

/** Whether a string, a template or a pattern is what makes the line long. */
function hasLongString(line: string): boolean {
  if (/^\s*\/[^/*].*\/[a-z]*,?$/.test(line)) return true; // a pattern on a line of its own
  const strings = line.match(/"[^"]*"|'[^']*'|`[^`]*`?/g) ?? [];
  return line.length - Math.max(0, ...strings.map((text) => text.length)) < 60;
}
