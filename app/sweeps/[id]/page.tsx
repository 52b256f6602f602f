import { SweepPage } from "./sweep-page";

export const metadata = { title: "Sweep" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <SweepPage id={(await params).id} />;
}
