import { defineConfig } from "prisma/config";

// `prisma generate` needs an address that looks right; nothing connects to it.
// Migrations run through scripts/migrate.mjs.
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "postgresql://patchbay@127.0.0.1:1/patchbay" },
});
