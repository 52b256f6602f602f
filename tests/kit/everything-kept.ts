/** Everything that an installation keeps: the rows of all tables as text, and the bytes of all files. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "./database";

/** All rows of all tables, each table by its name. */
export async function everyRow(databaseUrl: string): Promise<Map<string, string>> {
  const listed = `select table_schema s, table_name t from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema in ('public', 'pgboss')`;
  const tables = await sql(databaseUrl, listed);
  const texts = tables.map(async ({ s, t }) => {
    const rows = await sql(databaseUrl, `select x::text from "${s}"."${t}" x`);
    return [`${s}.${t}`, JSON.stringify(rows)] as const;
  });
  return new Map(await Promise.all(texts));
}

/** The files below a folder that hold one of these texts, with the name of the text. */
export async function filesHolding(folder: string, texts: Readonly<Record<string, string>>): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path).catch(() => Buffer.alloc(0)); // it went meanwhile
    for (const [name, text] of Object.entries(texts)) if (bytes.includes(text)) found.push(`${name} in ${path}`);
  }
  return found;
}
