import { PrismaPg } from "@prisma/adapter-pg";
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
export const openDb = (url: string): Db =>
  new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 10, connectionTimeoutMillis: 5000 }) });

export function databaseUrl(): string {
  const { databaseUrl: url } = env();
  if (!url)
    throw Object.assign(new Error("No database is known to this process."), {
      hint: "Start Patchbay with npm start, or set DATABASE_URL.",
    });
  return url;
}
