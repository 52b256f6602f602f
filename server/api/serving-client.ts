/** Hands calls of served graphs to the process that answers them. */
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { env } from "../env";
import { type Call, type FromServing, type ServingPlace, servingFile } from "../serving/calls";
import { readFrames, sendFrame } from "../serving/frames";
import { Refusal } from "./problem";

export interface Answered {
  message: Exclude<FromServing, { kind: "busy" }>;
  /** The outputs as JSON, where there are any. */
  outputs: Buffer;
}

interface Waiter {
  resolve(answered: Answered): void;
  reject(error: unknown): void;
}

const kept = globalThis as { patchbayServing?: Promise<Connection> };

/** Asks for an answer. Refused with 429 where there is too much to do, with 503 where nobody answers. */
export async function callServing(call: Omit<Call, "kind" | "number">, bytes: Uint8Array, gone: AbortSignal) {
  const connection = await connected();
  return connection.call(call, bytes, gone);
}

function connected(): Promise<Connection> {
  kept.patchbayServing ??= Connection.open().catch((error) => {
    kept.patchbayServing = undefined; // the next call tries again
    throw error;
  });
  return kept.patchbayServing;
}

function tooBusy(seconds: number): Refusal {
  const public_ = { message: "More calls wait than can be answered soon.", hint: `Ask again in ${seconds} s.` };
  return new Refusal(429, public_, { "Retry-After": String(seconds) });
}

const isAway = (): Refusal =>
  new Refusal(
    503,
    { message: "The process that serves graphs does not answer.", hint: "Try again: it is started again by itself." },
    { "Retry-After": "1" },
  );

class Connection {
  readonly #waiting = new Map<number, Waiter>();
  #last = 0;

  private constructor(readonly socket: Socket) {
    readFrames(socket, ({ message, bytes }) => this.#hear(message as FromServing, bytes));
    socket.on("close", () => {
      kept.patchbayServing = undefined;
      for (const { reject } of this.#waiting.values()) reject(isAway());
      this.#waiting.clear();
    });
  }

  static async open(): Promise<Connection> {
    const place = await readFile(join(env().data, servingFile), "utf8").catch(() => undefined);
    if (place === undefined) throw isAway();
    const { port, secret } = JSON.parse(place) as ServingPlace;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.on("error", () => reject(isAway()));
    });
    sendFrame(socket, { kind: "hello", secret });
    return new Connection(socket);
  }

  call(call: Omit<Call, "kind" | "number">, bytes: Uint8Array, gone: AbortSignal): Promise<Answered> {
    const number = ++this.#last;
    const leave = () => sendFrame(this.socket, { kind: "gone", number });
    gone.addEventListener("abort", leave, { once: true });
    const answered = new Promise<Answered>((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
    sendFrame(this.socket, { kind: "call", number, ...call }, bytes);
    return answered.finally(() => gone.removeEventListener("abort", leave));
  }

  #hear(message: FromServing, outputs: Buffer): void {
    const waiter = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    if (message.kind === "busy") waiter?.reject(tooBusy(message.seconds));
    else waiter?.resolve({ message, outputs });
  }
}
