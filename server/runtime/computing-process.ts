import { fileURLToPath } from "node:url";

/** The script that runs a TypeScript program, which is its first argument. */
export const programRunner = fileURLToPath(new URL("../../scripts/program.mjs", import.meta.url));

/**
 * How a process that computes is started. What it has most of are large buffers, which come and go: its own small ones
 * need no large nursery (by default 48 MB are filled before the first is collected). Buffers count for when all is
 * looked through, which each chunk of pictures brought about, and which takes cores from the model: it waits until they
 * are twice what is left to live. What many threads give back should not lie in a heap for each of them (glibc keeps
 * eight for each core).
 */
export const computingProcess = {
  execArgv: ["--max-semi-space-size=4", "--heap-growing-percent=200"],
  env: { MALLOC_ARENA_MAX: "2" },
};
