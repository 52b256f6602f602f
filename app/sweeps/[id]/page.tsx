import { notFound } from "next/navigation";
import { db } from "#server/db";
import { visitorOf } from "../../_access/visitor";
import { SweepPage } from "./sweep-page";
import { isId } from "../../_ui/is-id";

export const dynamic = "force-dynamic";
export const metadata = { title: "Sweep" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!isId(id)) notFound();
  await visitorOf({ kind: "sweep", id });
  if (!(await db().sweep.count({ where: { id } }))) notFound();
  return <SweepPage id={id} />;
}
