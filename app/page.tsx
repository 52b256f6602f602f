import { galleryEntries } from "./_start/gallery";
import { StartPage } from "./_start/start-page";

export const dynamic = "force-dynamic";

export default async function Page() {
  return <StartPage templates={await galleryEntries()} />;
}
