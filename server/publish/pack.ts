import { publishedForm } from "#nodes/graph/published-form";
import type { Actor } from "../access/actor";
import { type BroughtFile, refsNamed } from "../access/files";
import { must } from "../access/may";
import { type Bundle, packBundle } from "../bundles/pack";
import type { Db } from "../db";
import { checked } from "../graphs/checked";
import { notFound } from "../not-found";
import type { Blobs } from "../storage/blobs";
import { templateNeeds } from "./needs";

/** A version of a template as a bundle, with the files that were published with it and no others. */
export async function packTemplate(
  db: Db,
  blobs: Blobs,
  actor: Actor,
  { id, number }: { id: string; number: number },
): Promise<Bundle> {
  await must(db, actor, "see", { kind: "template", id });
  const version = await db.templateVersion.findUnique({
    where: { templateId_number: { templateId: id, number } },
  });
  if (!version) throw notFound("This version of the template");
  const { title, text, tags, licence, picture, changes } = version;
  const document = checked(version.document);
  const published = new Set((version.files as unknown as BroughtFile[]).map(({ ref }) => ref));
  const packing = {
    document,
    about: { title, text, tags, licence },
    form: publishedForm.safeParse(version.form).data,
    measured: templateNeeds.safeParse(version.needs).data?.measured,
    template: { id, version: number, ...(changes && { changes }) },
    without: new Set(refsNamed(document).filter((ref) => !published.has(ref))),
    picture: picture && (await blobs.has(picture)) ? await blobs.get(picture) : undefined,
  };
  return packBundle(packing, blobs);
}
