import { visitor } from "../../_access/visitor";
import { ComparePage } from "./compare-page";
import { isId } from "../../_ui/is-id";

export const metadata = { title: "Compare runs" };

export default async function Page({ searchParams }: { searchParams: Promise<{ ids?: string | string[] }> }) {
  await visitor();
  const { ids = "" } = await searchParams;
  return <ComparePage ids={String(ids).split(",").filter(isId).slice(0, 50)} />;
}
