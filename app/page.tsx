import { may } from "#server/access/may";
import { db } from "#server/db";
import { visitor } from "./_access/visitor";
import { galleryEntries } from "./_start/gallery";
import { StartPage } from "./_start/start-page";

export const dynamic = "force-dynamic";

export default async function Page() {
  const actor = await visitor();
  const operates = may(db(), actor, "operate", { kind: "installation" }).catch(() => false);
  const [templates, mayOperate] = await Promise.all([galleryEntries(), operates]);
  return <StartPage templates={templates} mayOperate={mayOperate} />;
}
