/** What a program that runs from what it was compiled into has in common with one that is read module by module. */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compiledProgram } from "./compiled.mjs";

let folder: string;
let program: string;

beforeAll(() => {
  folder = resolve("test-results/program");
  mkdirSync(folder, { recursive: true });
  program = join(folder, "program.ts");
  writeFileSync(
    join(folder, "beside.ts"),
    "export const address: string = import.meta.url;\nexport const text = 'one';",
  );
  writeFileSync(join(folder, "later.ts"), "globalThis.isLoaded = true;\nexport {};");
  writeFileSync(
    program,
    `import { address, text } from "./beside";
import { random } from "#models/random";
const before = "isLoaded" in globalThis;
await import("./later");
const after = "isLoaded" in globalThis;
const { argv } = process;
console.log(JSON.stringify({ address, text, before, after, argv: argv.slice(1), drawn: random("a").below(10) < 10 }));
process.exitCode = 3;
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the program says, and with which status it ends. */
async function runProgram(...args: string[]): Promise<Record<string, unknown> & { status: unknown }> {
  const command = ["scripts/program.mjs", program, ...args];
  const ended = await promisify(execFile)(process.execPath, command).catch((error) => error);
  return { ...JSON.parse(ended.stdout), status: ended.code };
}

it("has its arguments and status, finds what lies beside its sources, and loads late what it needs late", async () => {
  expect(await runProgram("a", "--b")).toEqual({
    address: pathToFileURL(join(folder, "beside.ts")).href,
    text: "one",
    before: false,
    after: true,
    argv: [program, "a", "--b"],
    drawn: true,
    status: 3,
  });
});

it("says in words why it cannot be compiled", async () => {
  const command = ["scripts/program.mjs", join(folder, "none.ts")];
  const { stderr, code } = await promisify(execFile)(process.execPath, command).catch((error) => error);
  expect(code).toBe(1);
  expect(stderr).toMatch(/none\.ts cannot be compiled into .*: .*\n.*This user must be able to write there/s);
  expect(stderr).not.toMatch(/^ {4}at /m);
});

it("is compiled again when what it imports is another, and not while that is the same", async () => {
  const before = await compiledProgram(program);
  expect(await compiledProgram(program)).toBe(before);
  const beside = join(folder, "beside.ts");
  writeFileSync(beside, "export const address = '';\nexport const text = 'two';");
  utimesSync(beside, new Date(), new Date(Date.now() - 60_000));
  const after = await compiledProgram(program);
  expect(after).not.toBe(before);
  expect(await runProgram()).toMatchObject({ text: "two", status: 3 });
});

it("is the same for several processes that ask for it at once", async () => {
  writeFileSync(join(folder, "beside.ts"), "export const address = '';\nexport const text = 'three';");
  const told = await Promise.all([runProgram(), runProgram(), runProgram()]);
  expect(told.map(({ text }) => text)).toEqual(["three", "three", "three"]);
});
