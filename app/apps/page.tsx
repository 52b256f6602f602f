import { visitor } from "../_access/visitor";
import { AppsPage } from "./apps-page";

export const metadata = { title: "Apps" };

export const dynamic = "force-dynamic";

export default async function Page() {
  await visitor();
  return <AppsPage />;
}
