/** The database of one `npm start`: the embedded Postgres or a server of the user's own, its schema, and its watch. */
import { setTimeout as sleep } from "node:timers/promises";
import { fail, isAlive, isStopping, onStop, say } from "./lifecycle.mjs";
import { data } from "./settings.mjs";

/** A promise of the embedded Postgres, where there is one. */
let embedded;

/** Returns the address of a database whose schema is that of prisma/migrations. */
export async function openDatabase() {
  const url = process.env.DATABASE_URL || (await startEmbedded());
  const { migrate } = await import("../migrate.mjs");
  const applied = await migrate(url).catch((error) =>
    fail(`The database cannot be prepared: ${String(error.message).trim().split("\n")[0]} Check DATABASE_URL.`),
  );
  if (applied.length) say(`schema: applied ${applied.join(", ")}`);
  return url;
}

async function startEmbedded() {
  const { startPostgres } = await import("../postgres.mjs");
  embedded = startPostgres(data);
  onStop(async () => (await embedded.catch(() => undefined))?.stop());
  const { url } = await embedded.catch((error) => fail(error.message));
  say("database up");
  return url;
}

/** Starts the embedded Postgres again when it dies, at its old port, until everything stops. */
export async function watchDatabase() {
  if (!embedded) return;
  const { startPostgres } = await import("../postgres.mjs");
  while (!isStopping()) {
    await sleep(1000);
    const postgres = await embedded;
    if (isStopping() || isAlive(postgres.pid)) continue;
    say("the database ended and is started again");
    embedded = startPostgres(data, { port: postgres.port }).catch((error) => {
      say(error.message);
      return postgres;
    });
  }
}
