/** What packages' own install scripts would do, done here, so that it works where npm does not run them. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { root } from "./installation.mjs";
import { postgresPackage } from "./postgres-binaries.mjs";

generateClient();
linkPostgresLibraries();

/**
 * The Prisma client. `generate` only insists that a schema engine exists and never runs it; node stands in, and would
 * fail if it were run.
 */
function generateClient() {
  const require = createRequire(import.meta.url);
  const cli = path.join(path.dirname(require.resolve("prisma/package.json")), "build/index.js");
  const generated = spawnSync(process.execPath, [cli, "generate", "--no-hints"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
  });
  if (generated.status === 0) return;
  console.error(generated.stdout, generated.stderr);
  process.exit(1);
}

/** The embedded Postgres ships its libraries without their symbolic links. */
function linkPostgresLibraries() {
  const list = path.join(postgresPackage, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8"))) {
    const link = path.join(postgresPackage, target);
    if (existsSync(link)) continue;
    symlinkSync(path.relative(path.dirname(link), path.join(postgresPackage, source)), link);
  }
}
