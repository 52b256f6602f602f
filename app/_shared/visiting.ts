import "server-only";
import { cookies } from "next/headers";
import { cache } from "react";
import { must } from "#server/access/may";
import { db } from "#server/db";
import type { SharedContent } from "#server/links/content";
import { contentAgain, contentOf, type OpenLink, type Visit, visit } from "#server/links/visit";

/** What an address leads to, asked once for each request. */
export const visited = cache(async (token: string): Promise<Visit> => visit(db(), token, await cookies()));

/** What an open link shows. A page counts as a visit, a file of it does not. */
export const shownBy = cache(async (link: OpenLink, counts: boolean): Promise<SharedContent | undefined> => {
  await must(db(), link.visitor, "see", { kind: "link", id: link.id });
  return (counts ? contentOf : contentAgain)(db(), link);
});

/** An open link, or the answer to whoever comes by one that is not. */
export async function openOrAnswer(token: string): Promise<OpenLink | Response> {
  const found = await visited(token);
  if (found.state === "open") return found;
  const message = found.state === "locked" ? "This link asks for a password." : "This link shows nothing any more.";
  return Response.json({ message }, { status: found.state === "locked" ? 401 : 404 });
}

/** The graph that a link shows, what its file is called without an ending, and what is told with it; or the answer. */
export async function shownGraphOrAnswer(token: string) {
  const link = await openOrAnswer(token);
  if (link instanceof Response) return link;
  const content = await shownBy(link, false);
  if (!content?.document) return Response.json({ message: "This link shows no graph." }, { status: 404 });
  const { document, description } = content;
  const stem = document.name.replace(/[^\w-]+/g, "-").toLowerCase() || "graph";
  return { document, description, title: link.title, stem };
}
