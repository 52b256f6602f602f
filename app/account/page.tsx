import { visitor } from "../_access/visitor";
import { AccountPage } from "./account-page";

export const dynamic = "force-dynamic";
export const metadata = { title: "Account" };

export default async function Page() {
  const actor = await visitor();
  return <AccountPage hasAccounts={actor.kind !== "local"} />;
}
