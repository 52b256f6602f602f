import { notFound } from "next/navigation";
import { db } from "#server/db";
import { SweepPage } from "./sweep-page";
import { isId } from "../../_ui/is-id";

export const dynamic = "force-dynamic";
export const metadata = { title: "Sweep" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!isId(id) || !(await db().sweep.count({ where: { id } }))) notFound();
  return <SweepPage id={id} />;
}
