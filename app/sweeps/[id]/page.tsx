import { notFound } from "next/navigation";
import { db } from "#server/db";
import { SweepPage } from "./sweep-page";

export const dynamic = "force-dynamic";
export const metadata = { title: "Sweep" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!/^[0-9a-f-]{36}$/i.test(id) || !(await db().sweep.count({ where: { id } }))) notFound();
  return <SweepPage id={id} />;
}
