/** Reads conversations of files and mixtures of files, as the node of that name asks for them. */
import { layoutOf, type RecordLayout } from "#models/files/conversations/records";
import {
  type MixtureEntry,
  mixtureIn,
  rowsOf,
  type Strategy,
  strategyIn,
  type StrategyReading,
  wrongMixture,
} from "#models/files/conversations/mixture";
import { TurnError } from "#models/files/conversations/turns";
import { isTextTable } from "#models/files/open-table";
import { TableError } from "#models/files/table-file";
import { decodeText } from "#models/files/text";
import { BadRows } from "./bad-rows";
import type { Host, PictureSource } from "./host";
import { lookedAtFirst, pictureName } from "./pictures";
import { type BadRowsChoice, countPictures, openPart, type Part, placeOf, placesOf, readPartRows } from "./table-parts";
import type { ImageBatch, ImageFile, PlacedImage, SourceFile } from "./values";

export interface ConversationSet {
  folder: string;
  files: string;
  /** Where paths of pictures begin; empty: in the folder of the files. */
  pictures: string;
  /** What is taken of each file that no mixture names. */
  take: string;
  strategies: StrategyReading;
  seed: number;
  /** The kinds of rows that are taken. */
  kinds: readonly Kind[];
  /** How many frames of a video are its row's pictures at most; 0: none. */
  frames: number;
  bad: BadRowsChoice;
}

/** What rows show. */
export const kinds = ["text", "single", "several", "video"] as const;
type Kind = (typeof kinds)[number];

export interface ConversationRows {
  images: ImageBatch;
  conversation: string[];
  kind: string[];
  id: string[];
  source: string[];
  video: string[];
  /** "row 13 of “train.json”", as people count. */
  row: string[];
}

/** A file, and what is taken of it. */
interface Wanted {
  file: SourceFile;
  strategy: Strategy;
}

export async function readConversations(host: Host, set: ConversationSet): Promise<ConversationRows> {
  const parts = await openParts(host, set, await wantedFiles(host, set));
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const bad = new BadRows(parts, count);
  const rows = new Rows(count);
  for (const part of parts) await readPart(host, set, part, rows, bad);
  for (const [place, kind] of rows.kind.entries()) {
    if (!set.kinds.includes(kind as Kind)) bad.drop(place);
  }
  await findPictures(host, set, rows, bad);
  if (set.frames) await findVideos(host, set, rows, bad);
  bad.tell(host, set.bad);
  const kept = bad.others() ?? Uint32Array.from({ length: count }, (_, place) => place);
  if (!kept.length) throw failure("No conversation is left.", "Take more of the files, or look at what is left out.");
  return { ...rows.at(kept), row: Array.from(kept, (place) => bad.nameOf(place)) };
}

const failure = (message: string, hint: string): Error => Object.assign(new Error(message), { hint });

const isMixture = (name: string): boolean => /\.ya?ml$/i.test(name);

/** The files that are meant, those that a mixture names in its place. */
export async function wantedFiles(host: Host, set: ConversationSet): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const file of await host.findFiles(set.folder, set.files)) {
    if (isMixture(file.name)) wanted.push(...(await filesOfMixture(host, set, file)));
    else wanted.push({ file, strategy: strategyIn(set.take, set.strategies) });
  }
  return wanted;
}

async function filesOfMixture(host: Host, set: ConversationSet, mixture: SourceFile): Promise<Wanted[]> {
  const text = decodeText(await host.readFolderFile(set.folder, mixture.name));
  try {
    const entries = await mixtureIn(text, set.strategies);
    const complaints: string[] = [];
    const wanted: Wanted[] = [];
    for (const [i, entry] of entries.entries()) {
      const file = typeof entry === "string" ? new Error(entry) : await fileOf(host, set.folder, mixture, entry.path);
      if (file instanceof Error) complaints.push(`entry ${i + 1}: ${file.message.replace(/\.$/, "")}`);
      else wanted.push({ file, strategy: (entry as MixtureEntry).strategy });
    }
    if (complaints.length) throw wrongMixture(complaints);
    return wanted;
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    throw failure(`“${mixture.name}” cannot be read. ${error.message}`, error.hint);
  }
}

/** A path in a mixture begins in the mixture's folder, unless it is whole. */
async function fileOf(host: Host, folder: string, { name }: SourceFile, path: string): Promise<SourceFile | Error> {
  const end = path.lastIndexOf("/") + 1;
  const [where, inside] = path.startsWith("/")
    ? [path.slice(0, end) || "/", path.slice(end)]
    : [folder, name.slice(0, name.lastIndexOf("/") + 1) + path];
  try {
    const [file] = await host.folderFiles(where, [inside]);
    return file ?? new Error(`“${path}” is not there`);
  } catch (error) {
    return error as Error; // its folder may not be read, or is not there
  }
}

/** Opens so many files at once. */
const openedAtOnce = 4;

async function openParts(host: Host, { seed, bad }: ConversationSet, wanted: readonly Wanted[]): Promise<Part[]> {
  const parts: Part[] = [];
  let first = 0;
  for (let i = 0; i < wanted.length; i += openedAtOnce) {
    const some = wanted.slice(i, i + openedAtOnce);
    const opened = await Promise.all(some.map(({ file }) => openPart(host, file, bad)));
    for (const [k, part] of opened.entries()) {
      if (!part) continue;
      const draw = host.random("rows", seed, i + k);
      const { strategy } = some[k] as Wanted;
      const rows = rowsOf(strategy, part.count, (limit) => draw.below(limit));
      const count = rows?.length ?? part.count;
      parts.push({ ...part, rows, first, count });
      first += count;
    }
    host.progress(i + some.length, wanted.length, "files");
  }
  return parts;
}

/** What is read, row by row. */
class Rows {
  readonly conversation: string[];
  readonly kind: string[];
  readonly id: string[];
  readonly source: string[];
  readonly video: string[];
  readonly pictures: (ImageFile | string)[][];

  constructor(count: number) {
    const texts = () => new Array<string>(count).fill("");
    this.conversation = texts();
    this.kind = texts();
    this.id = texts();
    this.source = texts();
    this.video = texts();
    this.pictures = new Array<(ImageFile | string)[]>(count).fill(noPictures);
  }

  at(kept: Uint32Array): Omit<ConversationRows, "row"> {
    const some = (texts: readonly string[]) => Array.from(kept, (place) => texts[place] as string);
    const files: ImageFile[] = [];
    const counts: number[] = [];
    for (const place of kept) {
      const pictures = this.pictures[place] as ImageFile[];
      counts.push(pictures.length);
      for (const picture of pictures) files.push(picture);
    }
    return {
      images: { files, counts },
      conversation: some(this.conversation),
      kind: some(this.kind),
      id: some(this.id),
      source: some(this.source),
      video: some(this.video),
    };
  }
}

const noPictures: never[] = [];

async function readPart(host: Host, set: ConversationSet, part: Part, rows: Rows, bad: BadRows): Promise<void> {
  const { table, file, first } = part;
  const layout = layoutIn(part);
  const counts =
    layout.pictures === undefined ? undefined : await countPictures(part, layout.pictures, { bad, choice: set.bad });
  await readPartRows(host, part, layout.columns, set.bad, (place, values) => {
    if (bad.has(place)) return;
    const count = counts?.[place - first] ?? 0;
    try {
      const { turns, paths, video, id, source } = layout.record(values, count);
      rows.conversation[place] = JSON.stringify(turns);
      rows.kind[place] = kindOf(counts ? count : paths.length, video);
      rows.id[place] = id;
      rows.source[place] = source || file.name;
      rows.video[place] = video;
      rows.pictures[place] = paths.length ? paths : noPictures;
    } catch (error) {
      if (!(error instanceof TurnError)) throw error;
      bad.add(place, error.message);
    }
  });
  if (!counts || layout.pictures === undefined) return;
  const row = (place: number) => part.rows?.[place] ?? place;
  for (const [place, count] of counts.entries()) {
    if (bad.has(first + place)) continue;
    const column = layout.pictures;
    const items = Array.from({ length: count }, (_, item) => (layout.isList ? item : undefined));
    if (count) rows.pictures[first + place] = items.map((item) => placeOf(table, file, column, row(place), item));
    else if (set.bad === "leave out")
      await checkReadable(part, column, row(place), (why) => bad.add(first + place, why));
  }
}

function layoutIn({ table, file }: Part): RecordLayout {
  try {
    return layoutOf(table, isTextTable(file.name));
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    throw failure(`“${file.name}” holds no conversations. ${error.message}`, error.hint);
  }
}

function kindOf(pictures: number, video: string): Kind {
  if (video) return "video";
  if (!pictures) return "text";
  return pictures === 1 ? "single" : "several";
}

/** That a row has no picture stands among those that have one, and is not believed where these cannot be read. */
async function checkReadable({ table }: Part, column: string, row: number, tell: (why: string) => void): Promise<void> {
  try {
    await table.rangeOf?.(column, row);
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    tell(`“${column}” cannot be read: ${error.message}`);
  }
}

/** Pictures by their paths are looked for; the first are looked at, or all, where damaged ones are to be left out. */
async function findPictures(host: Host, set: ConversationSet, { pictures }: Rows, bad: BadRows): Promise<void> {
  const paths = new Set(pictures.flat().filter((picture) => typeof picture === "string"));
  const found = paths.size ? await placesOf(host, set.pictures.trim() || set.folder, [...paths]) : new Map();
  const looked: { place: number; image: PlacedImage }[] = [];
  for (const [place, some] of pictures.entries()) {
    if (bad.has(place)) continue;
    const images = some.map((picture) => (typeof picture === "string" ? found.get(picture) : picture) as PlacedImage);
    const missing = images.find((image) => (image as unknown) instanceof Error) as Error | undefined;
    if (missing) {
      bad.add(place, `its picture is missing: ${missing.message.replace(/\.$/, "")}`);
      continue;
    }
    if (images.length) pictures[place] = images;
    if (set.bad === "stop" && looked.length >= lookedAtFirst) continue;
    for (const image of images) looked.push({ place, image });
  }
  if (set.bad === "stop") bad.tell(host, set.bad);
  const sources = looked.map(({ place, image }): PictureSource => {
    const where = image.row === undefined ? `Of ${bad.nameOf(place)}: ` : undefined;
    return { name: pictureName(image), where, place: image, read: () => host.imageBytes(image) };
  });
  const images = await host.importImages(sources, set.bad);
  for (const [i, image] of images.entries()) {
    if (!image) bad.drop(looked[i]?.place as number);
  }
}

/** Frames of the rows' videos, in the place of pictures. */
async function findVideos(host: Host, set: ConversationSet, rows: Rows, bad: BadRows): Promise<void> {
  const places = [...rows.video.keys()].filter((place) => rows.video[place] && !bad.has(place));
  const paths = [...new Set(places.map((place) => rows.video[place] as string))];
  const found = paths.length ? await placesOf(host, set.pictures.trim() || set.folder, paths) : new Map();
  for (const [i, place] of places.entries()) {
    const video = found.get(rows.video[place]) as PlacedImage | Error;
    const frames = video instanceof Error ? video : await framesOf(host, video.file, set);
    if (frames instanceof Error)
      bad.add(place, `its video is missing or damaged: ${frames.message.replace(/\.$/, "")}`);
    else rows.pictures[place] = frames;
    host.progress(i + 1, places.length, "videos");
  }
}

async function framesOf(host: Host, file: SourceFile, { frames, bad }: ConversationSet): Promise<ImageFile[] | Error> {
  try {
    return await host.videoFrames(file, frames);
  } catch (error) {
    if (bad === "stop" || !(error instanceof Error)) throw error;
    return error;
  }
}
