import type { Metadata } from "next";
import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { cache } from "react";
import { actorOf } from "#server/access/actor";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { appOfAll, openApp } from "#server/links/apps";
import { isId } from "../../_ui/is-id";
import { AppPage } from "../app-page";
import { shownApp } from "../shown-app";

export const dynamic = "force-dynamic";

interface PageProps {
  params: Promise<{ id: string }>;
  /** `run`: one that was started before. */
  searchParams: Promise<{ run?: string | string[] }>;
}

/** The app, where whoever asks may see it. */
const visibleApp = cache(async (id: string) => {
  const actor = await actorOf(await headers());
  const known = (await may(db(), actor, "see", appOfAll(id)))
    ? await openApp(db(), id).catch(() => undefined)
    : undefined;
  if (!known) notFound();
  return { app: known, canRun: await may(db(), actor, "run", appOfAll(id)) };
});

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  return { title: (await visibleApp((await params).id)).app.title };
}

export default async function Page({ params, searchParams }: PageProps) {
  const { app, canRun } = await visibleApp((await params).id);
  const { run } = await searchParams;
  return <AppPage app={shownApp(app)} canRun={canRun} runId={typeof run === "string" && isId(run) ? run : undefined} />;
}
