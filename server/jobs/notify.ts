import pg from "pg";
import { databaseUrl } from "../db";

type Heard = (payload: string) => void;
/**
 * What processes tell each other through Postgres: that a run has new events, or is to be cancelled; the news of
 * graphs; and that access to something was taken from somebody.
 */
export type Channel = "run_events" | "run_cancel" | "graph_news" | "access_taken";

/**
 * One listening connection for a process; it comes back by itself after the database was away. Messages are hints,
 * never the only carrier: whoever waits also looks into the table after `reconnected`.
 */
export class Listener {
  #heard = new Map<Channel, Set<Heard>>();
  #client: pg.Client | undefined;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(readonly url: () => string = databaseUrl) {}

  /** Calls back for every message, and with "" whenever some may have been missed. Returns how to stop. */
  on(channel: Channel, heard: Heard): () => void {
    const all = this.#heard.get(channel) ?? new Set();
    all.add(heard);
    this.#heard.set(channel, all);
    void this.#connect();
    return () => void all.delete(heard);
  }

  async #connect(): Promise<void> {
    if (this.#client || this.#closed) return;
    const client = new pg.Client({ connectionString: this.url(), connectionTimeoutMillis: 5000, keepAlive: true });
    this.#client = client;
    const lost = () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      void client.end().catch(() => {});
      clearTimeout(this.#retry);
      if (!this.#closed) this.#retry = setTimeout(() => void this.#connect(), 500);
    };
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", ({ channel, payload = "" }) => this.#tell(channel as Channel, payload));
    try {
      await client.connect();
      await client.query("listen run_events");
      await client.query("listen run_cancel");
      await client.query("listen graph_news");
      await client.query("listen access_taken");
      for (const channel of this.#heard.keys()) this.#tell(channel, "");
    } catch {
      lost();
    }
  }

  #tell(channel: Channel, payload: string): void {
    for (const heard of this.#heard.get(channel) ?? []) heard(payload);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => {});
  }
}

const kept = globalThis as { patchbayListener?: Listener };
/** The listener of this process. */
export const listener = (): Listener => (kept.patchbayListener ??= new Listener());
