import type { Metadata } from "next";
import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { actorOf } from "#server/access/actor";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { LinkActions } from "../../_shared/link-actions";
import { SharedPage } from "../../_shared/shared-page";
import { linkMetadata } from "../../_shared/link-metadata";
import { PasswordPage } from "../../_shared/password-page";
import { shownBy, visited } from "../../_shared/visiting";

export const dynamic = "force-dynamic";

interface PageProps {
  params: Promise<{ token: string }>;
  searchParams: Promise<{ wrong?: string; wait?: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  return linkMetadata((await params).token);
}

/** What somebody shares, for whoever has the address. */
export default async function Page({ params, searchParams }: PageProps) {
  const { token } = await params;
  const link = await visited(token);
  if (link.state === "closed") notFound();
  if (link.state === "locked") return <PasswordPage token={token} {...(await searchParams)} />;
  const content = await shownBy(link, true);
  if (!content) notFound();
  const canFork = await may(db(), await actorOf(await headers()), "change", { kind: "graph" });
  return (
    <SharedPage token={token} title={link.title} content={content}>
      {content.document && <LinkActions token={token} canFork={canFork} />}
    </SharedPage>
  );
}
