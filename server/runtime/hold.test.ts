import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "#tests/kit/run-node";
import { Cancelled } from "../errors";
import { hold } from "./hold";

const { signal } = new AbortController();
const silent = () => {};

it("is held by one at a time, and passed on", async () => {
  const path = join(await temporaryFolder(), "deep/lock");
  const order: string[] = [];
  const release = await hold(path, signal, silent);
  const second = hold(path, signal, () => order.push("waits")).then((r) => {
    order.push("has it");
    return r();
  });
  await new Promise((r) => setTimeout(r, 300));
  order.push("let go");
  await release();
  await second;
  expect(order).toEqual(["waits", "let go", "has it"]);
});
it("is free when its holder was killed, or its number is another process's now", async () => {
  const path = join(await temporaryFolder(), "lock");
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  const release = await hold(path, signal, silent);
  const mine = await readFile(path, "utf8");
  await release();
  child.kill("SIGKILL");
  await once(child, "exit");
  for (const stale of [`${child.pid} ${mine.split(" ")[1]}`, `${process.pid} 1`]) {
    await writeFile(path, stale);
    await (await hold(path, signal, () => expect.unreachable("it waits for a process that is gone")))();
  }
});
it("ends the wait when the run is cancelled", async () => {
  const path = join(await temporaryFolder(), "lock");
  const controller = new AbortController();
  await hold(path, signal, silent);
  await expect(hold(path, controller.signal, () => controller.abort())).rejects.toThrow(Cancelled);
});
