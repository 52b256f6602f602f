/** A process that does measured work when it is asked to, in turns with others. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";

export class Runner {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly times: number[] = [];

  constructor(command: string, args: readonly string[], threads: number, env: Record<string, string> = {}) {
    this.#child = spawn(command, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...env, OMP_NUM_THREADS: String(threads) },
    });
    const lines: Interface = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async answer<T>(): Promise<T> {
    return JSON.parse((await this.#lines.next()).value) as T;
  }

  async ask<T>(text: string): Promise<T> {
    this.#child.stdin?.write(`${text}\n`);
    return this.answer<T>();
  }

  end(): void {
    this.#child.kill();
  }
}
