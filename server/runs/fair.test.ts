import { beforeAll, expect, it } from "vitest";
import { db, withBackend } from "#tests/kit/backend";
import { graph } from "#tests/kit/graphs";
import type { Actor } from "../access/actor";
import { createRun } from "./create";

withBackend();

const document = graph({ t: ["text.input", { text: "t" }] });
const people: Actor[] = [];

beforeAll(async () => {
  for (const name of ["ann", "ben"]) {
    const { id } = await db.user.create({ data: { name, email: `${name}@example.org` } });
    people.push({ kind: "user", id, name, email: "", isAdministrator: false, sessionId: "" });
  }
});

/** Whose runs wait, in the order in which they will be taken. */
async function order(): Promise<string> {
  const rows = await db.run.findMany({
    where: { status: "queued" },
    orderBy: [{ priority: "desc" }, { createdAt: "asc" }],
    select: { user: { select: { name: true } } },
  });
  return rows.map(({ user }) => user?.name[0]).join("");
}

it("those who wait take turns, and go on doing so while others ask for more", async () => {
  const [ann, ben] = people as [Actor, Actor];
  const ask = (actor: Actor) => createRun(db, { document, actor });
  for (let i = 0; i < 4; i++) await ask(ann);
  for (let i = 0; i < 2; i++) await ask(ben);
  expect(await order()).toBe("ababaa");
  // The second run of the first one goes on; whoever asks now comes behind it, and before its third.
  const [, second] = await db.run.findMany({
    where: { userId: ann.kind === "user" ? ann.id : "" },
    orderBy: { id: "asc" },
  });
  await db.run.updateMany({ where: { priority: 0 }, data: { status: "done" } });
  await db.run.update({ where: { id: second?.id }, data: { status: "running" } });
  await ask(ben);
  expect(await order()).toBe("baba");
});

it("without accounts the first who asks is the first", async () => {
  const runs = [await createRun(db, { document }), await createRun(db, { document })];
  const rows = await db.run.findMany({ where: { id: { in: runs.map(({ id }) => id) } } });
  expect(rows.map(({ priority }) => priority)).toEqual([0, 0]);
});
