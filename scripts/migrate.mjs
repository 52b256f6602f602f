/**
 * Brings a database to the schema of prisma/migrations. Prisma's own command downloads an engine; this runs the same
 * engine, compiled to WebAssembly, over the pg adapter, and keeps the same `_prisma_migrations` table.
 * `node scripts/migrate.mjs` (DATABASE_URL) deploys; `node scripts/migrate.mjs new NAME` writes the next migration:
 * the difference between the schema and the one of the last migration.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as engine from "@prisma/schema-engine-wasm/schema_engine_bg";

const folder = fileURLToPath(new URL("../prisma", import.meta.url));
const filters = { externalTables: [], externalEnums: [] };
let isLoaded = false;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, name] = process.argv.slice(2);
  if (command === "new") await writeMigration(name ?? "change");
  else console.log((await migrate(process.env.DATABASE_URL)).join("\n") || "nothing to do");
  process.exit(0);
}

/** Applies what is missing; returns the names of what it applied. */
export async function migrate(url) {
  const migrationsList = {
    baseDir: path.join(folder, "migrations"),
    shadowDbInitScript: "",
    lockfile: { path: "migration_lock.toml", content: readPrisma("migrations/migration_lock.toml") },
    migrationDirectories: migrationNames().map(migrationDirectory),
  };
  const schemaEngine = await openEngine(url);
  const { appliedMigrationNames } = await schemaEngine.applyMigrations({ migrationsList, filters });
  await defineTriggers(url);
  return appliedMigrationNames;
}

/** What the database does by itself: prisma/triggers.sql, which may be run again and again. */
async function defineTriggers(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(readPrisma("triggers.sql"));
  } finally {
    await client.end();
  }
}

function migrationDirectory(name) {
  const content = { tag: "ok", value: readPrisma(`migrations/${name}/migration.sql`) };
  return { path: name, migrationFile: { path: "migration.sql", content } };
}

async function writeMigration(name) {
  const schemaEngine = await openEngine(process.env.DATABASE_URL);
  const { stdout } = await schemaEngine.diff({
    from: lastSchema(),
    to: datamodel(readPrisma("schema.prisma")),
    script: true,
    exitCode: null,
    shadowDatabaseUrl: null,
    filters,
  });
  const time = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const target = path.join(folder, "migrations", `${time}_${name}`);
  await mkdir(target, { recursive: true });
  await writeFile(path.join(target, "migration.sql"), stdout);
  await writeFile(path.join(target, "schema.prisma"), readPrisma("schema.prisma")); // the next difference starts here
  console.log(target);
}

/** The schema as the last migration left it. */
function lastSchema() {
  const schema = `migrations/${migrationNames().at(-1)}/schema.prisma`;
  return existsSync(path.join(folder, schema)) ? datamodel(readPrisma(schema)) : { tag: "empty" };
}

function datamodel(content) {
  return { tag: "schemaDatamodel", files: [{ path: "schema.prisma", content }] };
}

function migrationNames() {
  return readdirSync(path.join(folder, "migrations"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

async function openEngine(url) {
  if (!isLoaded) loadEngine();
  isLoaded = true;
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }));
  const datamodels = [["schema.prisma", readPrisma("schema.prisma")]];
  return engine.SchemaEngine.new({ datamodels }, () => {}, adapter);
}

function loadEngine() {
  const { resolve } = createRequire(import.meta.url);
  const wasm = path.join(path.dirname(resolve("@prisma/schema-engine-wasm")), "schema_engine_bg.wasm");
  const module = new WebAssembly.Module(readFileSync(wasm));
  const instance = new WebAssembly.Instance(module, { "./schema_engine_bg.js": engine });
  engine.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

function readPrisma(file) {
  return readFileSync(path.join(folder, file), "utf8");
}
