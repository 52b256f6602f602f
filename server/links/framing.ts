import type { Db } from "../db";
import { visit } from "./visit";

/** The sources that may show a page in a frame, for `frame-ancestors`: those that the link's sharer named, or none. */
export async function frameAncestors(db: Db, path: string): Promise<string> {
  const token = /^\/embed\/([^/]+)\/?$/.exec(path)?.[1];
  if (!token) return "'none'";
  const link = await visit(db, token, { get: () => undefined });
  return link.state === "open" && link.sites.length ? link.sites.join(" ") : "'none'";
}
