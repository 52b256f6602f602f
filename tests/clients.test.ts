/**
 * The snippets of *Use as API* as their readers run them, in a shell, by Python and by TypeScript; and the clients of
 * docs/api.md, generated and run. Python's is tried where PATCHBAY_CLIENTS names a folder that has its generator:
 * `python3 -m venv FOLDER && FOLDER/bin/pip install openapi-python-client`
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { createToken } from "#server/access/tokens";
import { type Called, snippetOf } from "../app/api-docs/snippets";
import { addServing, addWorker, api, db, withBackend } from "./kit/backend";
import { type Front, startFront } from "./kit/front";
import { graph } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";

let front: Front;
let folder: string;
let token: string;
withBackend();
beforeAll(async () => {
  await Promise.all([addWorker(), addServing()]);
  front = await startFront();
  folder = await temporaryFolder();
  token = (await createToken(db, { name: "clients", scope: "run", userId: null })).text;
  const picture = sharp({ create: { width: 24, height: 24, channels: 3, background: "teal" } });
  await picture.png().toFile(join(folder, "picture.png"));
});
afterAll(() => void front?.server.close());

const pictures = graph(
  {
    load: ["image.load", {}],
    resize: ["image.resize", { width: 2, height: 2 }],
    normalize: ["image.normalize", { preset: "none" }],
  },
  ["load.image -> resize.image", "resize.image -> normalize.image"],
);
const texts = graph({ in: ["text.input", { text: "it's here" }] });

async function called(document: GraphDocument): Promise<Called> {
  const { id } = await api.graphs.create({ document });
  await api.graphs.nameVersion({ id, label: "v" });
  const told = await (await fetch(`${front.url}/api/v1/graphs/${id}`)).json();
  return { ...(told as Called), origin: front.url, graph: id };
}

const command = promisify(execFile);
const python = await command("python3", ["-c", "import requests"]).then(
  () => "python3",
  () => undefined,
);

/** Runs a program that lies in the folder, and gives what it printed. */
async function printed(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await command(program, args, { cwd: folder, env: { ...process.env, ...env } });
  return stdout;
}

const runners = {
  curl: async (text: string, env: Record<string, string>) =>
    printed("bash", ["-c", `${text} --no-progress-meter`], env),
  Python: async (text: string, env: Record<string, string>) => {
    await writeFile(join(folder, "snippet.py"), text);
    return printed(python ?? "", ["snippet.py"], env);
  },
  TypeScript: async (text: string, env: Record<string, string>) => {
    await writeFile(join(folder, "snippet.mts"), text);
    const tsx = import.meta.resolve("tsx");
    return printed(process.execPath, ["--import", tsx, "snippet.mts"], env);
  },
};

describe.each(["curl", "Python", "TypeScript"] as const)("the snippet for %s", (language) => {
  const isThere = language !== "Python" || python !== undefined;

  it.runIf(isThere)("sends a picture and prints what the graph makes of it", async () => {
    const given = await called(pictures);
    const told = await runners[language](snippetOf(given, language), { PATCHBAY_TOKEN: token });
    // Teal is 0, 128, 128; each channel has four pixels.
    expect(told).toMatch(/\[\s*0(\.0)?,\s*0(\.0)?,\s*0(\.0)?,\s*0(\.0)?,\s*0\.50196/);
  });

  it.runIf(isThere)("sends a text, and needs no token where there are no accounts", async () => {
    const told = await runners[language](snippetOf(await called(texts), language), { PATCHBAY_TOKEN: "" });
    expect(told).toContain("it's here");
  });

  it.runIf(isThere)("says what is wrong where a token is not known", async () => {
    const text = snippetOf(await called(texts), language);
    const told = await runners[language](text, { PATCHBAY_TOKEN: "pb_wrong" }).catch(({ stderr }) => stderr);
    expect(told).toMatch(/401/);
  });
});

describe("the client that docs/api.md generates embeds a picture in ten lines", () => {
  const addressOf = (id: string) => `${front.url}/api/v1/graphs/${id}/openapi.json`;
  const generators = process.env.PATCHBAY_CLIENTS ?? "";

  it.runIf(generators)("of Python", async () => {
    const { graph: id } = await called(pictures);
    const path = join(generators, "bin/openapi-python-client");
    await printed(path, ["generate", "--url", addressOf(id), "--output-path", "patchbay", "--meta", "none"]);
    await writeFile(join(folder, "client.py"), documented("python", id));
    expect(await printed(join(generators, "bin/python"), ["client.py"])).toMatch(/^\[0(\.0)?, 0.*0\.50196/);
  });

  it("of TypeScript, where types agree as well", async () => {
    const { graph: id } = await called(pictures);
    const packages = resolve("node_modules");
    await symlink(packages, join(folder, "node_modules"));
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    await printed(join(packages, ".bin/openapi-typescript"), [addressOf(id), "-o", "patchbay.d.ts"]);
    await writeFile(join(folder, "client.ts"), documented("ts", id));
    const strict = ["--noEmit", "--strict", "--module", "nodenext", "--skipLibCheck", "--types", "node"];
    const wrong = await printed(join(packages, ".bin/tsc"), [...strict, "client.ts"]).catch(({ stdout }) => stdout);
    expect(wrong).toBe("");
    const told = await printed(process.execPath, ["--import", import.meta.resolve("tsx"), "client.ts"]);
    expect(told).toMatch(/^\[\s*0,\s*0,[\s\S]*0\.50196/);
  });
});

/** The program of docs/api.md in that language, for this installation, a graph and a picture. */
function documented(language: "python" | "ts", graphId: string): string {
  const docs = readFileSync("docs/api.md", "utf8");
  const [, text = ""] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(docs) ?? [];
  expect(text.trim().split("\n").length).toBeLessThanOrEqual(10);
  return text
    .replaceAll("http://localhost:3000", front.url)
    .replaceAll("/graphs/ID", `/graphs/${graphId}`)
    .replaceAll("cat.png", "picture.png")
    .replaceAll("norm.embedding", "normalize.pixels");
}
