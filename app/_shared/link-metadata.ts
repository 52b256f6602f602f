import "server-only";
import type { Metadata } from "next";
import { headers } from "next/headers";
import { shownBy, visited } from "./visiting";
import { pathHere } from "../_ui/path-here";

/**
 * What other programs are told of a link: never to list it; its name and picture only where it asks for no password.
 */
export async function linkMetadata(token: string): Promise<Metadata> {
  const robots = { index: false, follow: false, noarchive: true };
  const link = await visited(token);
  const content = link.state === "open" ? await shownBy(link, false) : undefined;
  if (link.state !== "open" || !content) return { title: "A link", robots };
  const { title } = link;
  const description = content.description || "A graph of models, and what it gave.";
  const { picture } = content;
  const images = picture && [{ url: `/s/${token}/files/${picture.ref}`, width: picture.width, height: picture.height }];
  return {
    title,
    description,
    robots,
    metadataBase: await ownAddress(),
    openGraph: { title, description, type: "article", siteName: "Patchbay", images },
    twitter: { card: images ? "summary_large_image" : "summary", title, description },
  };
}

/** As the visitor's browser names this installation. */
async function ownAddress(): Promise<URL | undefined> {
  const sent = await headers();
  const host = sent.get("x-forwarded-host") ?? sent.get("host") ?? "";
  const address = `${sent.get("x-forwarded-proto") === "https" ? "https" : "http"}://${host}${pathHere("")}`;
  return URL.canParse(address) ? new URL(address) : undefined;
}
