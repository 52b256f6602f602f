import { visitor } from "../_access/visitor";
import { SweepsPage } from "./sweeps-page";

export const metadata = { title: "Sweeps" };

export const dynamic = "force-dynamic";

export default async function Page() {
  await visitor();
  return <SweepsPage />;
}
