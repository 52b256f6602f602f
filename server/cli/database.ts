/** The database of a Patchbay that runs on this machine, for commands beside it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "../env";
import { Failure } from "../errors";

/** Sets `DATABASE_URL` to the embedded Postgres of the data folder, where nothing else is set. */
export function findRunningDatabase(): void {
  const { data, databaseUrl } = env();
  if (databaseUrl) return;
  const [state, secret] = [join(data, "pg", "postmaster.pid"), join(data, "pg.password")];
  if (!existsSync(state) || !existsSync(secret))
    throw new Failure({
      message: `No Patchbay runs on the data in ${data}.`,
      hint: "Start it with npm start and run this beside it, or set PATCHBAY_DATA or DATABASE_URL.",
    });
  const port = readFileSync(state, "utf8").split("\n")[3]?.trim();
  process.env.DATABASE_URL = `postgresql://patchbay:${readFileSync(secret, "utf8").trim()}@127.0.0.1:${port}/patchbay`;
}
