import { visitorOf } from "../../../_access/visitor";
import { isId } from "../../../_ui/is-id";
import { notFound } from "next/navigation";
import { UpdatePage } from "./update-page";

export const dynamic = "force-dynamic";
export const metadata = { title: "Update of a template" };

/** What a newer version of its template would change in a graph. */
export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!isId(id)) notFound();
  await visitorOf({ kind: "graph", id });
  return <UpdatePage graphId={id} />;
}
