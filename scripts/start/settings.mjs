/** What the environment tells `npm start`, and what is wrong with it. The README lists the variables. */
import { availableParallelism } from "node:os";
import path from "node:path";
import { basePathOf } from "../base-path.mjs";
import { root } from "../installation.mjs";

export const data = path.resolve(process.env.PATCHBAY_DATA || path.join(root, ".data"));
export const port = process.env.PORT || "3000";
export const host = process.env.HOST || "127.0.0.1";
export const url = `http://${addressOf(host)}:${port}${basePathOf()}`;
const exampleUrl = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE";
export const workers = Number(process.env.PATCHBAY_WORKERS || 1);
/** Several workers share the cores: more threads than those would wait for each other. */
const share = workers > 1 ? String(Math.max(1, Math.floor(availableParallelism() / workers))) : "";
export const threadsOfWorker = process.env.PATCHBAY_THREADS || share;

/** How a browser on this machine names the host: a wildcard is no name, and an IPv6 address stands in brackets. */
function addressOf(name) {
  if (name === "0.0.0.0" || name === "::") return "localhost";
  return name.includes(":") ? `[${name}]` : name;
}

/** A sentence about the first setting that cannot be used, or undefined. */
export function wrongSetting() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    return `Patchbay needs Node 20.19 or newer, and this is ${process.versions.node}. Get it from https://nodejs.org.`;
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    return `PORT is “${port}”, and a port is a number from 1 to 65535.`;
  if (!Number.isInteger(workers) || workers < 1 || workers > 64)
    return `PATCHBAY_WORKERS is “${process.env.PATCHBAY_WORKERS}”, and 1 to 64 workers can be started.`;
  if (process.env.DATABASE_URL && !/^postgres(ql)?:\/\/./.test(process.env.DATABASE_URL))
    return `DATABASE_URL is no address of a Postgres server: ${exampleUrl} is expected.`;
  if (!/^(\/[\w.~-]+)*$/.test(basePathOf()))
    return `The path of PATCHBAY_PUBLIC_URL is “${basePathOf()}”, and letters, digits, -, _, . and ~ are expected.`;
  return undefined;
}
