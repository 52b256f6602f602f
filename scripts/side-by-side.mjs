/** Runs checks two at once: most of them keep one core busy. */
import { spawn } from "node:child_process";
import path from "node:path";
import { root } from "./installation.mjs";

const atOnce = 2;

/**
 * Runs installed programs in their order, says how long each took, and shows what one said that failed.
 * @param {Record<string, readonly [program: string, ...args: string[]]>} parts
 * @returns {Promise<number>} how many failed
 */
export async function runSideBySide(parts) {
  const waiting = Object.entries(parts);
  let failed = 0;
  const workThrough = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      const [name, command] = part;
      const began = performance.now();
      const { isFine, output } = await runPart(command);
      const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(5);
      console.log(`${isFine ? "✓" : "✗"} ${name.padEnd(12)} ${seconds} s`);
      if (isFine) continue;
      failed++;
      console.log(output);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, workThrough));
  return failed;
}

function runPart([program, ...args]) {
  return new Promise((done) => {
    const child = spawn(path.join(root, "node_modules/.bin", program), args, { cwd: root });
    let output = "";
    const listen = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("error", (error) => done({ isFine: false, output: error.message }));
    child.once("close", (status) => done({ isFine: status === 0, output }));
  });
}
