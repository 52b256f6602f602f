import { AppsPage } from "./apps-page";

export const metadata = { title: "Apps" };

export default function Page() {
  return <AppsPage />;
}
