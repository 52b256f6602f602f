/**
 * Brings a database to the schema of prisma/migrations. Prisma's own command downloads an engine; this runs the same engine, compiled to
 * WebAssembly, over the pg adapter, and keeps the same `_prisma_migrations` table. `node scripts/migrate.mjs` (DATABASE_URL)
 * deploys; `node scripts/migrate.mjs new NAME` writes the next migration: the difference
 * between the schema and the one of the last migration.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as engine from "@prisma/schema-engine-wasm/schema_engine_bg";

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL("../prisma", import.meta.url));
const filters = { externalTables: [], externalEnums: [] };
const read = (file) => readFileSync(path.join(folder, file), "utf8");

let loaded = false;
async function open(url) {
  if (!loaded) load();
  loaded = true;
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }));
  return engine.SchemaEngine.new({ datamodels: [["schema.prisma", read("schema.prisma")]] }, () => {}, adapter);
}
function load() {
  const wasm = path.join(path.dirname(require.resolve("@prisma/schema-engine-wasm")), "schema_engine_bg.wasm");
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasm)), {
    "./schema_engine_bg.js": engine,
  });
  engine.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

const names = () =>
  readdirSync(path.join(folder, "migrations"), { withFileTypes: true })
    .filter((d) => d.isDirectory())
    .map((d) => d.name)
    .sort();

/** Applies what is missing; returns the names of what it applied. */
export async function migrate(url) {
  const list = {
    baseDir: path.join(folder, "migrations"),
    shadowDbInitScript: "",
    lockfile: { path: "migration_lock.toml", content: read("migrations/migration_lock.toml") },
    migrationDirectories: names().map((name) => ({
      path: name,
      migrationFile: { path: "migration.sql", content: { tag: "ok", value: read(`migrations/${name}/migration.sql`) } },
    })),
  };
  return (await (await open(url)).applyMigrations({ migrationsList: list, filters })).appliedMigrationNames;
}

async function create(name) {
  const files = (content) => ({ tag: "schemaDatamodel", files: [{ path: "schema.prisma", content }] });
  const last = names().at(-1);
  const before =
    last && existsSync(path.join(folder, "migrations", last, "schema.prisma"))
      ? files(read(`migrations/${last}/schema.prisma`))
      : { tag: "empty" };
  const { stdout } = await (await open(process.env.DATABASE_URL)).diff({
    from: before,
    to: files(read("schema.prisma")),
    script: true,
    exitCode: null,
    shadowDatabaseUrl: null,
    filters,
  });
  const dir = path.join(folder, "migrations", `${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}_${name}`);
  await mkdir(dir, { recursive: true });
  await writeFile(path.join(dir, "migration.sql"), stdout);
  await writeFile(path.join(dir, "schema.prisma"), read("schema.prisma")); // what the next difference starts from
  console.log(dir);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, name] = process.argv.slice(2);
  if (command === "new") await create(name ?? "change");
  else console.log((await migrate(process.env.DATABASE_URL)).join("\n") || "nothing to do");
  process.exit(0);
}
