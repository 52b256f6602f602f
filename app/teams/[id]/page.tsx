import { notFound } from "next/navigation";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { visitorOf } from "../../_access/visitor";
import { isId } from "../../_ui/is-id";
import { TeamPage } from "./team-page";

export const dynamic = "force-dynamic";
export const metadata = { title: "Team" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!isId(id)) notFound();
  const actor = await visitorOf({ kind: "team", id });
  const [manages, runs] = await Promise.all(
    (["manage", "run"] as const).map((action) => may(db(), actor, action, { kind: "team", id })),
  );
  return <TeamPage id={id} manages={manages === true} runs={runs === true} />;
}
