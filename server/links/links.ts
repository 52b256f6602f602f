/** Links as their sharers have them: made, listed, taken back. */
import type { StoredImage } from "#nodes/core/values";
import { reachable } from "../access/files";
import { madeBy } from "../access/working-team";
import type { Actor } from "../access/who";
import type { Db } from "../db";
import { Failure } from "../errors";
import { notFound } from "../not-found";
import { refsIn } from "../storage/blobs";
import { blobs } from "../storage/open";
import type { LinkKind } from "./content";
import { type Chosen, freeze } from "./freeze";
import { keptPassword } from "./password";
import { hashOf, tokenOf } from "./token";
import { randomUUID } from "node:crypto";

export interface NewLink extends Chosen {
  title?: string;
  /** Days until it is no more. */
  days?: number;
  password?: string;
  /** Origins, such as https://example.org, of sites that may show it in a frame. */
  sites: string[];
  /** A picture of it for those who pass the address on. */
  picture?: StoredImage;
}

export interface ListedLink {
  id: string;
  /** What stands in its address; nothing where it is taken back, or where the key that it was made with is gone. */
  token?: string;
  kind: LinkKind;
  title: string;
  graphId: string | null;
  hasPassword: boolean;
  sites: string[];
  expiresAt: Date | null;
  revokedAt: Date | null;
  visits: number;
  lastVisitAt: Date | null;
  createdAt: Date;
}

const day = 24 * 60 * 60 * 1000;

/** Keeps what is shown, and the blobs that it names, until the link is taken back. */
export async function makeLink(db: Db, actor: Actor, asked: NewLink): Promise<{ id: string; token: string }> {
  const frozen = await freeze(db, asked);
  const { kind, graphId, teamId } = frozen;
  const content = { ...frozen.content, ...(asked.picture ? { picture: asked.picture } : {}) };
  const id = randomUUID();
  const token = tokenOf(id);
  const refs = refsIn(content);
  // To name a file opens nothing: what whoever shares may not read is as if it were not there.
  const mine = await reachable(db, actor, refs);
  const isThere = await Promise.all(refs.map(async (ref) => mine.has(ref) && (await blobs().use(ref))));
  const missing = isThere.filter((each) => !each).length;
  if (missing)
    throw new Failure({
      message: `${missing} of the ${refs.length} files that would be shown are no longer in this installation's store.`,
      hint: "Run the graph again, and share that run.",
    });
  await blobs().hold(linkHolder(id), refs);
  await db.link.create({
    data: {
      id,
      tokenHash: hashOf(token),
      kind,
      title: asked.title?.trim() || content.title,
      graphId,
      ...(await madeBy(db, actor, teamId)),
      content: content as object,
      refs,
      password: asked.password ? await keptPassword(asked.password) : null,
      sites: asked.sites.map(originOf),
      expiresAt: endAfter(asked.days ?? null),
    },
  });
  return { id, token };
}

const endAfter = (days: number | null): Date | null => (days === null ? null : new Date(Date.now() + days * day));

/** Who holds the blobs that a link shows. */
export const linkHolder = (id: string): string => `link-${id}`;

/** The origin of a site, as a browser names it. */
function originOf(site: string): string {
  const text = /^[a-z]+:\/\//i.test(site) ? site : `https://${site}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && url.pathname === "/" && !url.search;
  if (isPlain && /^[a-z0-9.:[\]-]+$/i.test(url.host)) return url.origin;
  throw new Failure({
    message: `“${site}” is no address of a site.`,
    hint: "Enter one such as https://example.org, without a path.",
  });
}

const columns = {
  id: true,
  tokenHash: true,
  kind: true,
  title: true,
  graphId: true,
  password: true,
  sites: true,
  expiresAt: true,
  revokedAt: true,
  visits: true,
  lastVisitAt: true,
  createdAt: true,
} as const;

/** The links of a graph, or all, newest first. */
export async function listLinks(db: Db, graphId?: string): Promise<ListedLink[]> {
  const found = await db.link.findMany({
    where: graphId === undefined ? {} : { graphId },
    orderBy: { createdAt: "desc" },
    take: 500,
    select: columns,
  });
  return found.map(({ tokenHash, password, kind, ...link }) => {
    const token = tokenOf(link.id);
    const isOurs = link.revokedAt === null && hashOf(token) === tokenHash;
    return { ...link, kind: kind as LinkKind, hasPassword: password !== null, ...(isOurs ? { token } : {}) };
  });
}

/** Takes a link back: what it showed is gone with it. */
export async function revokeLink(db: Db, id: string): Promise<void> {
  const { count } = await db.link.updateMany({
    where: { id, revokedAt: null },
    data: { revokedAt: new Date(), content: {}, refs: [], password: null },
  });
  if (!count) throw notFound("This link");
  await blobs().release(linkHolder(id));
}

/** What of a link can be another while its address stays. What it shows cannot: that is frozen. */
export interface LinkChange {
  /** Which sites may show it in a frame. */
  sites?: readonly string[];
  /** Days from now until it is no more; null: until it is taken back. */
  days?: number | null;
  /** Another password, which those are asked for as well who opened it by the one before; null: none. */
  password?: string | null;
}

export async function changeLink(db: Db, id: string, { sites, days, password }: LinkChange): Promise<void> {
  const { count } = await db.link.updateMany({
    where: { id, revokedAt: null },
    data: {
      ...(sites && { sites: sites.map(originOf) }),
      ...(days !== undefined && { expiresAt: endAfter(days) }),
      ...(password !== undefined && { password: password === null ? null : await keptPassword(password) }),
    },
  });
  if (!count) throw notFound("This link");
}
