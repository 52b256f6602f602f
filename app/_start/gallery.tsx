/** The gallery as it is shown to whoever asks: what ships with Patchbay, what people here published, and registries. */
import { headers } from "next/headers";
import type { GraphDocument } from "#nodes/graph/document";
import { parseDocument } from "#nodes/graph/parse";
import { actorOf } from "#server/access/actor";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { secondsHere, type TemplateNeeds } from "#server/publish/needs";
import { listPublished, type PublishedCard, usesOfShipped } from "#server/publish/read";
import { refreshRegistries, type RegistryCard, registryCards } from "#server/registries/registries";
import { listTemplates, readTemplate } from "#server/templates";
import { size } from "../_ui/amounts";
import { plainText } from "../_ui/plain-text";
import { GraphPicture, TemplatePicture } from "./picture";
import { ResultPicture } from "./result-picture";
import type { TemplateEntry } from "./template-entry";
import { factsOf, publishedGroup, registryGroup } from "./template-facts";
import { pathHere } from "../_ui/path-here";

/** Nothing but what ships while the database is away: that is enough to begin with. */
export async function galleryEntries(): Promise<TemplateEntry[]> {
  const [shipped, published, seconds] = await Promise.all([
    shippedTemplates(),
    publishedTemplates().catch(() => []),
    secondsHere(db()).catch(() => new Map<string, number>()),
  ]);
  return [...shipped, ...published].map((entry) => ({ ...entry, secondsHere: seconds.get(entry.key) }));
}

async function shippedTemplates(): Promise<TemplateEntry[]> {
  const [templates, uses] = await Promise.all([listTemplates(), usesOfShipped(db()).catch(() => new Map())]);
  return Promise.all(
    templates.map(async (template) => ({
      ...template,
      ...factsOf((await readTemplate(template.id)) as GraphDocument),
      key: template.id,
      shelf: "shipped" as const,
      by: "Patchbay",
      uses: uses.get(template.id) ?? 0,
      source: { template: template.id },
      picture: (
        <ResultPicture id={template.id}>
          <TemplatePicture id={template.id} />
        </ResultPicture>
      ),
    })),
  );
}

async function publishedTemplates(): Promise<TemplateEntry[]> {
  const actor = await actorOf(await headers());
  // A registry that does not answer keeps nobody waiting: what it had is shown, and the next visitor sees what is new.
  if (await may(db(), actor, "see", { kind: "installation" })) void refreshRegistries(db()).catch(() => {});
  const published = await listPublished(db(), actor);
  const here = new Map(published.map((card) => [card.id, card.number]));
  const registries = (await registryCards(db())).filter(({ id, version }) => (here.get(id) ?? 0) < version);
  return [...(await Promise.all(published.map(entryOf))), ...registries.map(registryEntry)];
}

async function entryOf(card: PublishedCard): Promise<TemplateEntry> {
  return {
    key: card.id,
    name: card.title,
    description: plainText(card.text),
    nodes: card.needs.nodes,
    trains: card.needs.trains,
    group: publishedGroup,
    shelf: card.visibility,
    isOfMyTeam: card.isOfMyTeam,
    licence: card.licence,
    tags: card.tags,
    needs: needsText(card.needs),
    measured: card.needs.measured,
    uses: card.uses,
    version: card.number,
    by: card.team,
    changedAt: card.updatedAt.getTime(),
    source: { published: card.id },
    picture: card.hasPicture ? (
      <PublishedPicture id={card.id} number={card.number} />
    ) : (
      <div className="h-full p-3">
        <DrawnPicture id={card.id} number={card.number} />
      </div>
    ),
  };
}

function registryEntry({ id, version, title, text, tags, licence, bytes, registry }: RegistryCard): TemplateEntry {
  return {
    key: id,
    name: title,
    description: plainText(text),
    trains: false,
    group: registryGroup,
    shelf: "registry",
    licence,
    tags,
    needs: [`a download of ${size(bytes)}`],
    version,
    by: registry.title,
    source: { registry: registry.id, fromRegistry: id },
    picture: <div className="flex h-full items-center justify-center text-ink-3">{registry.title}</div>,
  };
}

/** What has to be there before it runs. */
export function needsText({ hub, fetched, folders, online }: TemplateNeeds): string[] {
  return [
    ...hub.map(({ model }) => `${model} from the hub`),
    ...fetched.map((name) => `a download of ${name}`),
    ...(folders ? ["a folder of yours"] : []),
    ...(online ? ["the network"] : []),
  ];
}

/** On a card it fills its place, and on the template's page it is whole. */
export function PublishedPicture({ id, number, isWhole }: { id: string; number: number; isWhole?: boolean }) {
  return (
    <img
      src={pathHere(`/api/published/${id}/picture?version=${number}`)}
      alt=""
      loading="lazy"
      decoding="async"
      className={`size-full ${isWhole ? "object-contain" : "object-cover"}`}
    />
  );
}

/** The graph of a template that has no picture, drawn small. */
export async function DrawnPicture({ id, number }: { id: string; number: number }) {
  const version = await db().templateVersion.findUnique({
    where: { templateId_number: { templateId: id, number } },
    select: { document: true },
  });
  const { document } = parseDocument(version?.document);
  return document ? <GraphPicture document={document} /> : null;
}
