import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { database, db, withBackend, api } from "#tests/kit/backend";
import { sql } from "#tests/kit/database";
import { secretNamed, setSecret } from "./secrets";
import { defaultTeam } from "./working-team";

process.env.PATCHBAY_KEY = Buffer.alloc(32, 5).toString("base64");
withBackend();

const planted = `planted-${randomBytes(12).toString("hex")}`;

it("a secret is told to who uses it, and is nowhere else", async () => {
  await api.teams.setSecret({ name: "hub", text: planted });
  expect(await secretNamed(db, defaultTeam, "hub")).toBe(planted);
  expect(JSON.stringify(await api.teams.secrets({}))).not.toContain(planted);
  expect(await everythingStored()).not.toContain(planted);
});

it("a secret in another row, or sealed with another key, does not open, and no error has its text", async () => {
  await setSecret(db, { teamId: defaultTeam, name: "a", text: planted });
  const { sealed } = await db.secret.findFirstOrThrow({ where: { name: "a" } });
  await db.secret.create({ data: { teamId: defaultTeam, name: "b", sealed } });
  await expect(secretNamed(db, defaultTeam, "b")).rejects.toThrow("The secret “b” cannot be opened");
  process.env.PATCHBAY_KEY = Buffer.alloc(32, 6).toString("base64");
  const error = await secretNamed(db, defaultTeam, "a").catch((failure: Error) => failure);
  expect(String(error)).toContain("cannot be opened");
  expect(`${error} ${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain(planted);
});

/** All rows of all tables, as text. */
async function everythingStored(): Promise<string> {
  const listed = `select table_schema s, table_name t from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema in ('public', 'pgboss')`;
  const tables = await sql(database.url, listed);
  const texts = await Promise.all(tables.map(({ s, t }) => sql(database.url, `select x::text from "${s}"."${t}" x`)));
  return JSON.stringify(texts);
}
