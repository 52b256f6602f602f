import { headers } from "next/headers";
import { actorOf } from "#server/access/actor";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { galleryEntries } from "./_start/gallery";
import { StartPage } from "./_start/start-page";

export const dynamic = "force-dynamic";

export default async function Page() {
  const [templates, mayOperate] = await Promise.all([galleryEntries(), operates()]);
  return <StartPage templates={templates} mayOperate={mayOperate} />;
}

async function operates(): Promise<boolean> {
  return may(db(), await actorOf(await headers()), "operate", { kind: "installation" }).catch(() => false);
}
