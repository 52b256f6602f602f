import { PrismaPg } from "@prisma/adapter-pg";
import { cleanTexts } from "#models/files/text";
import { PrismaClient } from "../prisma/generated/client";
import { env } from "./env";

export type Db = PrismaClient;
/** The client, or one inside of a transaction. */
export type Tx = Omit<PrismaClient, "$connect" | "$disconnect" | "$on" | "$transaction" | "$extends">;

const kept = globalThis as { patchbayDb?: Db };

/** Connects when first used: `next build` loads modules without a database. */
export function db(): Db {
  kept.patchbayDb ??= openDb(databaseUrl());
  return kept.patchbayDb;
}

/**
 * A client. Every text that passes it, in columns and in JSON, is one that Postgres can keep and search: a caption may
 * have any bytes in it, and a name may have been cut through an emoji.
 */
export function openDb(url: string): Db {
  const adapter = new PrismaPg({ connectionString: url, max: 10, connectionTimeoutMillis: 5000 });
  const cleaning = new PrismaClient({ adapter }).$extends({
    query: { $allModels: { $allOperations: ({ args, query }) => query(cleanTexts(args)) } },
  });
  return cleaning as unknown as Db;
}

export function databaseUrl(): string {
  const { databaseUrl: url } = env();
  if (!url)
    throw Object.assign(new Error("No database is known to this process."), {
      hint: "Start Patchbay with npm start, or set DATABASE_URL.",
    });
  return url;
}
