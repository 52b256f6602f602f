/** Where a data thread begins: it is loaded as a program is, since TypeScript is not read in a thread. */
import { fileURLToPath, pathToFileURL } from "node:url";
import { compiledProgram } from "../../../scripts/compiled.mjs";

const thread = fileURLToPath(new URL("./thread.ts", import.meta.url));
await import(pathToFileURL(await compiledProgram(thread)).href);
