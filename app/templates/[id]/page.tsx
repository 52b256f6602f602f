import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { actorOf } from "#server/access/actor";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { documentOfVersion, readTemplateDetails } from "#server/publish/read";
import { DrawnPicture, needsText, PublishedPicture } from "../../_start/gallery";
import { isId } from "../../_ui/is-id";
import { formLines } from "./form-lines";
import { TemplatePage } from "./template-page";

export const dynamic = "force-dynamic";
export const metadata = { title: "Template" };

interface PageProps {
  params: Promise<{ id: string }>;
  searchParams: Promise<{ version?: string | string[] }>;
}

/** What a template is, before a graph is made of it. */
export default async function Page({ params, searchParams }: PageProps) {
  const { id } = await params;
  const { version } = await searchParams;
  if (!isId(id)) notFound();
  const actor = await actorOf(await headers());
  const asked = typeof version === "string" && /^\d{1,6}$/.test(version) ? Number(version) : undefined;
  const template = await readTemplateDetails(db(), actor, id, asked).catch(() => notFound());
  const document = await documentOfVersion(db(), id, template.number).catch(() => undefined);
  const picture = template.hasPicture ? (
    <PublishedPicture id={id} number={template.number} isWhole />
  ) : (
    <div className="h-full p-6">
      <DrawnPicture id={id} number={template.number} />
    </div>
  );
  return (
    <TemplatePage
      template={template}
      needs={needsText(template.needs)}
      form={document ? formLines(template.form, document) : []}
      picture={picture}
      mayShare={await may(db(), actor, "share", { kind: "template", id })}
    />
  );
}
