import { notFound } from "next/navigation";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { visitor } from "../_access/visitor";
import { AuditPage } from "./audit-page";

export const dynamic = "force-dynamic";
export const metadata = { title: "What changed" };

export default async function Page() {
  if (!(await may(db(), await visitor(), "operate", { kind: "installation" }))) notFound();
  return <AuditPage />;
}
