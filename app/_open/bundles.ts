/** Bundles (.patchbay) that were dropped or chosen: the server checks them and makes a graph of each. */
import { toast } from "../_ui/toast";
import { countOf } from "../_ui/amounts";
import { pathHere } from "../_ui/path-here";

export const isBundleFile = (file: File): boolean => /\.patchbay$/i.test(file.name);

interface Imported {
  id: string;
  missing: { name: string }[];
  hub: { model: string }[];
}

/** The new graph; nothing where the bundle was refused, which is told. Nothing of it runs. */
export async function importBundleFile(file: File): Promise<string | undefined> {
  const notice = toast.loading(`Opening “${file.name}”…`);
  try {
    const answer = await fetch(pathHere("/api/bundles"), { method: "POST", body: file });
    const said = (await answer.json()) as Imported & { message?: string; hint?: string };
    if (!answer.ok) {
      toast.error(`“${file.name}” cannot be opened`, { description: `${said.message} ${said.hint ?? ""}` });
      return undefined;
    }
    sayRest(said);
    return said.id;
  } catch {
    toast.error(`“${file.name}” could not be sent`, { description: "The server does not answer. Try again." });
    return undefined;
  } finally {
    toast.dismiss(notice);
  }
}

function sayRest({ missing, hub }: Imported): void {
  const lines = [
    ...(missing.length ? [`${countOf(missing.length, "file")} did not come with it.`] : []),
    ...(hub.length ? [`It takes ${hub.map(({ model }) => model).join(", ")} from the hub.`] : []),
  ];
  if (lines.length) toast(lines.join(" "));
}
