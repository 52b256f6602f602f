/** A database for a test file: a real server, started and migrated by the product's own scripts. */
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../scripts/migrate.mjs";
import { startPostgres } from "../../scripts/postgres.mjs";
import { temporaryFolder } from "./run-node";

export interface TestDatabase {
  url: string;
  /** Where its Postgres keeps data; also the PATCHBAY_DATA of processes that use it. */
  folder: string;
  server: Awaited<ReturnType<typeof startPostgres>>;
  stop(): Promise<void>;
}

/** A real Postgres with the product's own scripts: started, migrated, and gone after the test file. */
export async function testDatabase(): Promise<TestDatabase> {
  const folder = join(await temporaryFolder(), "data");
  const server = await startPostgres(folder, { quick: true });
  await migrate(server.url);
  return { url: server.url, folder, server, stop: () => server.stop() };
}

export async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
