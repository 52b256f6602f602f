/**
 * Runs a TypeScript program of this folder: `node scripts/program.mjs server/cli.ts …`. It is loaded from the few files
 * that it was compiled into: to load its hundreds of modules one by one takes three times as long.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { compiledProgram } from "./compiled.mjs";

const [, , program, ...args] = process.argv;
const entry = path.resolve(program);
process.argv = [process.argv[0], entry, ...args];
const compiled = await compiledProgram(entry).catch(({ message }) => {
  console.error(`${program} cannot be compiled into node_modules/.cache/patchbay: ${message}`);
  console.error("This user must be able to write there, and the disk must have room.");
  process.exit(1);
});
await import(pathToFileURL(compiled).href);
