import { ComparePage } from "./compare-page";

export const metadata = { title: "Compare runs" };

export default async function Page({ searchParams }: { searchParams: Promise<{ ids?: string | string[] }> }) {
  const { ids = "" } = await searchParams;
  return <ComparePage ids={String(ids).split(",").filter((id) => /^[0-9a-f-]{36}$/i.test(id)).slice(0, 12)} />;
}
