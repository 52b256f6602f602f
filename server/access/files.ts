/** Whose files are: a file of the store is reachable by whoever may see something that names it, and by no others. */
import type { Db, Tx } from "../db";
import { Failure } from "../errors";
import { blobs } from "../storage/open";
import { type Actor, userOf } from "./who";
import { refuseWithoutRoom } from "./quota";
import { visible } from "./visible";

/** Whether somebody may read a file of the store: their team brought it, or a thing that they may see names it. */
export async function mayReach(db: Db, actor: Actor, ref: string): Promise<boolean> {
  return (await reachable(db, actor, [ref])).has(ref);
}

/** Of these files, those that somebody may read. */
export async function reachable(db: Db | Tx, actor: Actor, refs: readonly string[]): Promise<Set<string>> {
  if (actor.kind === "local") return new Set(refs);
  if (actor.kind === "stranger" || actor.kind === "visitor" || !refs.length) return new Set();
  const { graph, run, composite, upload } = visible(actor);
  const named = { ref: { in: [...refs] } };
  const [brought, referred] = await Promise.all([
    db.upload.findMany({ where: { ...named, ...upload }, select: { ref: true } }),
    db.fileReference.findMany({
      where: { ...named, OR: [{ graph }, { version: { graph } }, { run }, { composite }] },
      select: { ref: true },
      distinct: ["ref"],
    }),
  ]);
  return new Set([...brought, ...referred].map(({ ref }) => ref));
}

/** A file that came into the store. */
export interface BroughtFile {
  ref: string;
  bytes: number;
  name: string;
}

/**
 * Writes down that a team has files, from wherever they came. What it had already stays as it was. Refused where it, or
 * whoever brings them, would have more than they may.
 */
export async function recordFiles(
  db: Db | Tx,
  owner: { teamId: string; userId: string | null },
  files: readonly BroughtFile[],
): Promise<void> {
  if (!files.length) return;
  await refuseBeyondRoom(db, owner, files);
  await db.upload.createMany({ data: files.map((file) => ({ ...owner, ...file })), skipDuplicates: true });
}

/** Refused where a team, or whoever brings them, has no room for files. What it has already takes no more room. */
export async function refuseBeyondRoom(
  db: Db | Tx,
  owner: { teamId: string; userId: string | null },
  files: readonly BroughtFile[],
): Promise<void> {
  await refuseWithoutRoom(db, owner, await newBytes(db, owner.teamId, files));
}

/** How many bytes a team would have more. */
async function newBytes(db: Db | Tx, teamId: string, files: readonly BroughtFile[]): Promise<number> {
  const sizes = new Map(files.map(({ ref, bytes }) => [ref, bytes]));
  const known = await db.upload.findMany({ where: { teamId, ref: { in: [...sizes.keys()] } }, select: { ref: true } });
  for (const { ref } of known) sizes.delete(ref);
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

const refPattern = /"([0-9a-f]{64})"/g;

/** All hashes that a document names as texts. */
export function refsNamed(document: object): string[] {
  return [...new Set([...JSON.stringify(document).matchAll(refPattern)].map(([, ref]) => ref as string))];
}

/**
 * Lets a team have the files that a document names and its writer may read elsewhere: a graph that is copied from one
 * team to another takes them along. What the writer may not read is not named by the document, whatever it says.
 */
export async function bringFiles(db: Db | Tx, actor: Actor, teamId: string, document: object): Promise<void> {
  const refs = refsNamed(document);
  if (!refs.length || actor.kind === "local") return;
  const [mine, ofTeam] = await Promise.all([reachable(db, actor, refs), filesOfTeam(db, teamId, refs)]);
  // Somebody with a role for one graph only cannot get at the team's other files by naming them in it.
  if (refs.some((ref) => ofTeam.has(ref) && !mine.has(ref))) throw new Failure(notYours);
  const others = refs.filter((ref) => mine.has(ref) && !ofTeam.has(ref));
  const files = await db.upload.findMany({ where: { ref: { in: others } }, distinct: ["ref"] });
  const facts = new Map(files.map(({ ref, bytes, name }) => [ref, { bytes: Number(bytes), name }]));
  const brought = others.map((ref) => ({ ref, bytes: 0, name: "", ...facts.get(ref) }));
  await recordFiles(db, { teamId, userId: userOf(actor) }, brought);
}

async function filesOfTeam(db: Db | Tx, teamId: string, refs: string[]): Promise<Set<string>> {
  const rows = await db.$queryRaw<{ ref: string }[]>`
    select ref from "refs_of_team"(${refs}::text[], ${teamId}::uuid) ref`;
  return new Set(rows.map(({ ref }) => ref));
}

const notYours = {
  message: "The graph names a file that you may not read.",
  hint: "Upload the file yourself, or ask one of the team to share it with you.",
};

/** A run reads what its document names: refused where that is a file which whoever asks for it may not read. */
export async function refuseForeignFiles(db: Db | Tx, actor: Actor, document: object): Promise<void> {
  if (actor.kind === "local") return;
  const refs = refsNamed(document);
  const mine = await reachable(db, actor, refs);
  for (const ref of refs) if (!mine.has(ref) && (await blobs().has(ref))) throw new Failure(notYours);
}
