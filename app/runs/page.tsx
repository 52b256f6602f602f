import { visitor } from "../_access/visitor";
import { RunsPage } from "./runs-page";

export const metadata = { title: "Runs" };

export const dynamic = "force-dynamic";

export default async function Page() {
  await visitor();
  return <RunsPage />;
}
