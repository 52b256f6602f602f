/** Writes down which calls were answered: many at a time, so that no call waits for the database. */
import { cleanTexts } from "#models/files/text";
import type { PublicError } from "#nodes/graph/events";
import type { Db } from "../db";
import type { Call, Ended } from "./calls";

const writeEvery = 500;
/** Days for which calls are listed. */
const keptDays = 7;

interface Noted extends Pick<Call, "id" | "graphId" | "versionId"> {
  rows: number;
  ms: number;
  error: PublicError | null;
  createdAt: Date;
}

export class CallLog {
  #waiting: Noted[] = [];
  readonly #timer = setInterval(() => void this.write(), writeEvery);

  constructor(
    readonly db: Db,
    readonly onFailure: (error: unknown) => void,
  ) {}

  note({ id, graphId, versionId }: Call, ended: Ended): void {
    const error = "error" in ended ? cleanTexts(ended.error) : null;
    this.#waiting.push({ id, graphId, versionId, rows: ended.rows, ms: ended.ms, error, createdAt: new Date() });
  }

  /** What cannot be written now is written later. */
  async write(): Promise<void> {
    const calls = this.#waiting;
    if (!calls.length) return;
    this.#waiting = [];
    await insert(this.db, calls).catch((error) => {
      this.#waiting = [...calls, ...this.#waiting].slice(-100_000);
      this.onFailure(error);
    });
  }

  /** Forgets calls of long ago. */
  async forget(): Promise<void> {
    const oldest = new Date(Date.now() - keptDays * 86_400_000);
    await this.db.servedCall.deleteMany({ where: { createdAt: { lt: oldest } } }).catch(this.onFailure);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }
}

/** One text for all of them: a parameter for each column of each call takes longer to write than a call to answer. */
const insert = (db: Db, calls: readonly Noted[]): Promise<number> => db.$executeRaw`
  insert into "ServedCall" ("id", "graphId", "versionId", "rows", "ms", "error", "createdAt")
  select * from jsonb_to_recordset(${JSON.stringify(calls)}::jsonb)
    as call("id" uuid, "graphId" uuid, "versionId" uuid, "rows" int, "ms" float8, "error" jsonb, "createdAt" timestamp)
  on conflict do nothing`;
