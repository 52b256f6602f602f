/** What windows that show the same graph hear of each other: who is there, and that one saved. */
import type { Db, Tx } from "../db";
import type { Listener } from "../jobs/notify";

/** A window that shows a graph. */
export interface GraphWindow {
  id: string;
  /** When it was opened. */
  since: number;
  /** What it is shown by: "Firefox on Linux". */
  agent: string;
}

export type GraphNews =
  /** The graph was saved; `window` is who did, or nothing where no window did. */
  | { kind: "saved"; revision: number; window: string }
  /** The other windows that show it. */
  | { kind: "windows"; windows: GraphWindow[] };

/** What goes through Postgres. */
type Message =
  | { kind: "saved"; graph: string; revision: number; window: string }
  | { kind: "here"; graph: string; window: GraphWindow; asks: boolean }
  | { kind: "gone"; graph: string; window: string };

/** A window says so often that it is there, and is taken for gone after so long a silence, in milliseconds. */
export const pulse = 15_000;
const silence = 3 * pulse;

export const tellSaved = (tx: Tx, saved: { graph: string; revision: number; window: string }): Promise<unknown> =>
  tell(tx, { kind: "saved", ...saved });

const tell = (db: Tx, message: Message): Promise<unknown> =>
  db.$executeRaw`select pg_notify('graph_news', ${JSON.stringify(message)})`;

interface Watch {
  graph: string;
  window: GraphWindow;
  signal: AbortSignal;
}

/**
 * The news of a graph as one window hears them, from the revision that is stored and the windows that are there on.
 * Whoever watches is there for the others until `signal`. Windows answer each other, so none needs a list of all.
 */
export async function* watchGraph(
  db: Db,
  listener: Listener,
  { graph, window, signal }: Watch,
): AsyncGenerator<GraphNews> {
  const others = new Windows();
  const heard = new Queue<Message | "missed">();
  const stop = listener.on("graph_news", (payload) => {
    const message = payload === "" ? "missed" : (JSON.parse(payload) as Message);
    if (message === "missed" || message.graph === graph) heard.push(message);
  });
  const abort = () => heard.close();
  signal.addEventListener("abort", abort, { once: true });
  const here = (asks: boolean) => tell(db, { kind: "here", graph, window, asks }).catch(() => {});
  const timer = setInterval(() => void here(false), pulse);
  try {
    await here(true);
    yield* storedRevision(db, graph);
    for await (const message of heard) {
      if (message === "missed") {
        await here(true);
        yield* storedRevision(db, graph);
      } else if (message.kind === "saved") {
        yield { kind: "saved", revision: message.revision, window: message.window };
      } else {
        const isOwn = message.kind === "here" && message.window.id === window.id;
        if (!isOwn && message.kind === "here" && message.asks) await here(false);
        const isNews = isOwn ? others.expire() : others.hear(message);
        if (isNews) yield { kind: "windows", windows: others.list };
      }
    }
  } finally {
    clearInterval(timer);
    stop();
    signal.removeEventListener("abort", abort);
    await tell(db, { kind: "gone", graph, window: window.id }).catch(() => {});
  }
}

/** What is stored, for whoever may have missed a message. */
async function* storedRevision(db: Db, id: string): AsyncGenerator<GraphNews> {
  const stored = await db.graph.findUnique({ where: { id }, select: { revision: true } }).catch(() => null);
  if (stored) yield { kind: "saved", revision: stored.revision, window: "" };
}

/** The other windows, as far as they were heard. */
class Windows {
  #heard = new Map<string, { window: GraphWindow; at: number }>();

  /** Whether another list follows from a message. */
  hear(message: Exclude<Message, { kind: "saved" }>): boolean {
    const hasExpired = this.expire();
    if (message.kind === "gone") return this.#heard.delete(message.window) || hasExpired;
    const isNew = !this.#heard.has(message.window.id);
    this.#heard.set(message.window.id, { window: message.window, at: Date.now() });
    return isNew || hasExpired;
  }

  /** Forgets those that were not heard for long; whether there were any. */
  expire(): boolean {
    const gone = [...this.#heard].filter(([, { at }]) => Date.now() - at > silence);
    for (const [id] of gone) this.#heard.delete(id);
    return gone.length > 0;
  }

  get list(): GraphWindow[] {
    return [...this.#heard.values()].map(({ window }) => window).sort((a, b) => a.since - b.since);
  }
}

/** What was heard and not yet read. */
class Queue<Item> {
  #items: Item[] = [];
  #isClosed = false;
  #wake = () => {};

  push(item: Item): void {
    this.#items.push(item);
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    while (!this.#isClosed) {
      const item = this.#items.shift();
      if (item !== undefined) yield item;
      else await new Promise<void>((wake) => (this.#wake = wake));
    }
  }
}
