/** Writes down which calls were answered: many at a time, so that no call waits for the database. */
import { Prisma } from "../../prisma/generated/client";
import type { Db } from "../db";
import type { Call, Ended } from "./calls";

const writeEvery = 500;
/** Days for which calls are listed. */
const keptDays = 7;

export class CallLog {
  #waiting: Prisma.ServedCallCreateManyInput[] = [];
  readonly #timer = setInterval(() => void this.write(), writeEvery);

  constructor(
    readonly db: Db,
    readonly onFailure: (error: unknown) => void,
  ) {}

  note({ id, graphId, versionId }: Call, ended: Ended): void {
    const error = "error" in ended ? (ended.error as object) : Prisma.DbNull;
    this.#waiting.push({ id, graphId, versionId, rows: ended.rows, ms: ended.ms, error, createdAt: new Date() });
  }

  /** What cannot be written now is written later. */
  async write(): Promise<void> {
    const calls = this.#waiting;
    if (!calls.length) return;
    this.#waiting = [];
    await this.db.servedCall.createMany({ data: calls, skipDuplicates: true }).catch((error) => {
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
