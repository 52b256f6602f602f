/** TypeScript programs as JavaScript in few files, made when a source is newer. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./installation.mjs";

const folder = path.join(root, "node_modules/.cache/patchbay");
/** Milliseconds after which what was replaced is removed. */
const day = 24 * 60 * 60 * 1000;

/**
 * The file that a program was compiled into, with all that it imports from this folder; packages stay where they are.
 * Several processes may ask at once.
 * @param {string} entry the absolute path of the program
 * @returns {Promise<string>}
 */
export async function compiledProgram(entry) {
  const name = path.relative(root, entry).replaceAll(/\W+/g, "-");
  const record = path.join(folder, `${name}.json`);
  const known = readRecord(record);
  if (known?.root === root && known.sources.every(([file, stamp]) => stampOf(file) === stamp)) return known.file;
  mkdirSync(folder, { recursive: true });
  const place = mkdtempSync(path.join(folder, `${name}-`));
  const sources = await compile(entry, place);
  const file = path.join(place, path.basename(entry).replace(/\.ts$/, ".mjs"));
  writeFileSync(`${place}.json`, JSON.stringify({ root, file, sources }));
  renameSync(`${place}.json`, record);
  if (known) replace(path.dirname(known.file));
  removeReplaced(name, place);
  return file;
}

/** Compiles into an empty folder; the sources, each with the stamp that it had. */
async function compile(entry, outdir) {
  const { build, stop } = await import("esbuild");
  const began = Date.now();
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true, // what is imported when it is needed stays so
    format: "esm",
    platform: "node",
    packages: "external",
    keepNames: true,
    sourcemap: "linked",
    metafile: true,
    logLevel: "error",
    plugins: [ownAddresses],
  });
  await stop();
  // A source that was written meanwhile is compiled again.
  const files = [...Object.keys(metafile.inputs), "package.json", "tsconfig.json"].map((file) => path.join(root, file));
  return files.map((file) => [file, statSync(file).mtimeMs > began ? "" : stampOf(file)]);
}

/** A module finds what lies beside it where its source does. */
const ownAddresses = {
  name: "own addresses",
  setup({ onLoad }) {
    onLoad({ filter: /\.m?[jt]s$/ }, async ({ path: file }) => {
      const own = { url: pathToFileURL(file).href, filename: file, dirname: path.dirname(file) };
      const text = await readFile(file, "utf8");
      const contents = text.replaceAll(/import\.meta\.(url|filename|dirname)/g, (_, what) => JSON.stringify(own[what]));
      return { contents, loader: "default" };
    });
  },
};

/** From now on it is not asked for any more. */
const replace = (place) => utimesSync(place, new Date(), new Date());

/** Programs that run may still load parts of what they were compiled into before. */
function removeReplaced(name, place) {
  const places = readdirSync(folder).filter((entry) => entry.startsWith(`${name}-`));
  for (const old of places.map((entry) => path.join(folder, entry))) {
    const since = statSync(old, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (old !== place && Date.now() - since > day) rmSync(old, { recursive: true, force: true });
  }
}

function readRecord(file) {
  try {
    const known = JSON.parse(readFileSync(file, "utf8"));
    return existsSync(known.file) ? known : undefined;
  } catch {
    return undefined; // nothing was compiled yet
  }
}

function stampOf(file) {
  const { mtimeMs, size } = statSync(file, { throwIfNoEntry: false }) ?? {};
  return `${mtimeMs} ${size}`;
}
