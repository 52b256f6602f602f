import { notFound } from "next/navigation";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { env } from "#server/env";
import { visitor } from "../_access/visitor";
import { PeoplePage } from "./people-page";

export const dynamic = "force-dynamic";
export const metadata = { title: "People" };

export default async function Page() {
  const actor = await visitor();
  if (!env().accounts || !(await may(db(), actor, "operate", { kind: "installation" }))) notFound();
  return <PeoplePage />;
}
