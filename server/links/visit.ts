/**
 * Those who come by a link. They are an actor of their own, who may see one link and the files that it names: a visit
 * reads the link's row, and nothing else of the installation.
 */
import type { Actor } from "../access/who";
import type { Db } from "../db";
import type { LinkKind, SharedContent } from "./content";
import { isPassword, Tries } from "./password";
import { hashOf, isSigned, signed, tokenShape } from "./token";

export type Visitor = Extract<Actor, { kind: "visitor" }>;

/** What a visitor may: everything that is not here is nobody's who comes by a link. */
export async function visitorMay(
  db: Db,
  visitor: Visitor,
  action: string,
  thing: { kind: string; id?: string },
): Promise<boolean> {
  if (action !== "see" || thing.id === undefined) return false;
  if (thing.kind === "link") return thing.id === visitor.link && (await isOpen(db, visitor.link));
  if (thing.kind !== "file") return false;
  return isOpen(db, visitor.link, thing.id);
}

async function isOpen(db: Db, id: string, ref?: string): Promise<boolean> {
  const where = { id, ...openNow(), ...(ref === undefined ? {} : { refs: { has: ref } }) };
  return (await db.link.count({ where })) > 0;
}

/** Links that can be visited: one of a graph that was deleted comes back with it. */
const openNow = () => ({
  revokedAt: null,
  AND: [
    { OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] },
    { OR: [{ graphId: null }, { graph: { deletedAt: null } }] },
  ],
});

export interface OpenLink {
  id: string;
  kind: LinkKind;
  title: string;
  sites: string[];
  visitor: Visitor;
}

/** `closed`: there is no such link, or no more; these are not told apart. `locked`: it asks for a password. */
export type Visit = { state: "closed" } | { state: "locked"; id: string } | ({ state: "open" } & OpenLink);

/** What an address leads to. `cookies` has what `unlock` gave before. */
export async function visit(db: Db, token: string, cookies: Cookies): Promise<Visit> {
  if (!tokenShape.test(token)) return { state: "closed" };
  const select = { id: true, kind: true, title: true, sites: true, password: true } as const;
  const link = await db.link.findFirst({ where: { tokenHash: hashOf(token), ...openNow() }, select });
  if (!link) return { state: "closed" };
  const { id, password, sites, title } = link;
  const mark = cookies.get(cookieName(id))?.value;
  if (password !== null && !(mark && isSigned(unlocked(id, password), mark))) return { state: "locked", id };
  return { state: "open", id, title, sites, kind: link.kind as LinkKind, visitor: { kind: "visitor", link: id } };
}

interface Cookies {
  get(name: string): { value: string } | undefined;
}

/** What an open link shows. Counts the visit. */
export async function contentOf(db: Db, { id }: OpenLink): Promise<SharedContent | undefined> {
  const [link] = await db.link.updateManyAndReturn({
    where: { id, ...openNow() },
    data: { visits: { increment: 1 }, lastVisitAt: new Date() },
    select: { content: true },
  });
  return link?.content as unknown as SharedContent | undefined;
}

/** The same, uncounted. */
export async function contentAgain(db: Db, { id }: OpenLink): Promise<SharedContent | undefined> {
  const link = await db.link.findFirst({ where: { id, ...openNow() }, select: { content: true } });
  return link?.content as unknown as SharedContent | undefined;
}

const tries = new Tries();
export const cookieName = (id: string): string => `patchbay-link-${id}`;
/** Another password is another mark: whoever had the old one is asked again. */
const unlocked = (id: string, password: string): string => `unlocked ${id} ${password}`;

/**
 * The cookie's value for the right password; seconds to wait where it was tried too often, nothing where it is wrong.
 */
export async function unlock(
  db: Db,
  id: string,
  password: string,
): Promise<{ mark: string } | { wait: number } | undefined> {
  const link = await db.link.findFirst({ where: { id, ...openNow() }, select: { password: true } });
  if (!link?.password) return undefined;
  const wait = tries.take(id);
  if (wait) return { wait: Math.ceil(wait / 1000) };
  const isRight = password.length <= 200 && (await isPassword(password, link.password));
  return isRight ? { mark: signed(unlocked(id, link.password)) } : undefined;
}
