/** The life of one `npm start`: what it says, which processes it began, and how everything ends with it. */
import { fork, spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../installation.mjs";

/** With this status the web process says that starting it again would not help: its port is taken. */
const hopeless = 98;
const began = performance.now();
const children = new Set();
const endings = [];
let stopping = false;

export function say(text) {
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(5);
  console.log(`[${seconds} s] ${text}`);
}

export const isStopping = () => stopping;

/** What is done after the processes ended; what was asked for last comes first. */
export function onStop(ending) {
  endings.unshift(ending);
}

export async function stop(status = 0) {
  if (stopping) return;
  stopping = true;
  for (const child of children) child.kill("SIGTERM");
  for (let i = 0; i < 120 && children.size; i++) await sleep(50);
  for (const child of children) child.kill("SIGKILL");
  for (const ending of endings) await ending();
  if (status === 0) say("stopped");
  process.exit(status);
}

/** Says why it cannot go on, and ends. Never returns. */
export async function fail(text) {
  if (!stopping) console.error(text);
  await stop(1);
  return new Promise(() => {});
}

/** Runs a command to its end, and returns its exit status and what it said. */
export function runCommand(command, args, options) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, ...options });
    let output = "";
    const listen = (chunk) => {
      output += chunk;
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    children.add(child);
    const end = (status) => {
      children.delete(child);
      if (!stopping) done({ status, output });
    };
    child.once("error", (error) => end(error.message)).once("close", end);
  });
}

/** Starts a script with its arguments, and again when it dies. `onReady` hears that it is up, each time. */
export function keepRunning(name, command, { env, onReady }) {
  const since = performance.now();
  const [file, ...args] = command;
  const child = fork(path.join(root, file), args, {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    detached: true,
  });
  children.add(child);
  child.on("message", (message) => {
    if (message === "ready") onReady();
  });
  child.on("exit", async (code, signal) => {
    children.delete(child);
    if (stopping) return;
    if (code === hopeless) return stop(1);
    say(`${name} ended (${signal ?? code}) and is started again`);
    await sleep(performance.now() - since < 5000 ? 2000 : 100);
    if (!stopping) keepRunning(name, command, { env, onReady });
  });
}

export function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}
