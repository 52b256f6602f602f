import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { expect, it } from "vitest";
import { startPostgres } from "../scripts/postgres.mjs";
import { graph } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";

const folder = "prisma/migrations";

it("graphs that were listed as they are become templates of the state that they had", async () => {
  const server = await startPostgres(join(await temporaryFolder(), "data"), { quick: true });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    const names = readdirSync(folder).filter((name) => /^\d/.test(name));
    const templates = names.findIndex((name) => name.endsWith("_templates"));
    const apply = async (some: readonly string[]) => {
      for (const name of some) await client.query(readFileSync(join(folder, name, "migration.sql"), "utf8"));
    };
    await apply(names.slice(0, templates));
    const document = JSON.stringify(graph({ text: ["text.input", { text: "hello" }] }));
    const insert =
      'insert into "Graph" ("id", "name", "document", "updatedAt", "publishedAt") values ($1, $2, $3, now(), $4)';
    const [shown, draft] = ["11111111-1111-7111-8111-111111111111", "22222222-2222-7222-8222-222222222222"];
    await client.query(insert, [shown, "Shown", document, new Date(0)]);
    await client.query(insert, [draft, "Draft", document, null]);
    await apply(names.slice(templates));
    const { rows } = await client.query(`
      select template."graphId", template."newest", version."title", version."document", version."needs",
        kept."label", kept."number"
      from "Template" template
      join "TemplateVersion" version on version."templateId" = template."id"
      join "GraphVersion" kept on kept."id" = version."graphVersionId"`);
    expect(rows).toMatchObject([
      {
        ...{ graphId: shown, newest: 1, title: "Shown", needs: { nodes: 1 } },
        document: JSON.parse(document),
        ...{ label: "As it was published", number: 1 },
      },
    ]);
  } finally {
    await client.end();
    await server.stop();
  }
});
