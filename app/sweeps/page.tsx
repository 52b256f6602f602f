import { SweepsPage } from "./sweeps-page";

export const metadata = { title: "Sweeps" };

export default function Page() {
  return <SweepsPage />;
}
