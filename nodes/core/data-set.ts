/** Reads the chosen columns and rows of a data set in files, as the node of that name asks for them. */
import { type CaptionRule, cleanCaption } from "#models/files/captions";
import { numbersIn, pathIn, textIn } from "#models/files/cells";
import { drawnPlaces, fittingRows, type RowFilter, type Share, takenCount } from "#models/files/choose-rows";
import { BadValue, type ColumnKind, type TableFile } from "#models/files/table-file";
import { BadRows } from "./bad-rows";
import { type FilledColumn, growingColumn } from "./growing-column";
import type { Host, PictureSource } from "./host";
import { lookedAtFirst, pictureName } from "./pictures";
import { type BadRowsChoice, countPictures, openPart, type Part, placeOf, placesOf, readPartRows } from "./table-parts";
import type { PlacedImage, PortValue, SourceFile, Tensor } from "./values";
import { namesOf } from "./wording";

export interface WantedColumn {
  name: string;
  as: ColumnKind;
  size?: number;
}

export interface DataSet extends Share {
  folder: string;
  files: string;
  columns: readonly WantedColumn[];
  where: readonly RowFilter[];
  seed: number;
  bad: BadRowsChoice;
  /** How texts of some columns, one or more names with commas, are cleaned, to at most so many words. */
  cleaning: "none" | CaptionRule;
  captions: string;
  words: number;
}

/** The values of each column, in the order of the columns. */
export async function readDataSet(host: Host, set: DataSet): Promise<ColumnValue[]> {
  const parts = takenParts(host, set, await fittingParts(host, set, await openParts(host, set)));
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const bad = new BadRows(parts, count);
  const columns = set.columns.map((wanted) => columnOf(host, set, wanted, count));
  for (const part of parts) await readPart(host, set, part, columns, bad);
  for (const column of columns) await findPictures(host, set, column, bad);
  bad.tell(host, set.bad);
  const kept = bad.others();
  if (!(kept?.length ?? count)) throw failure("No row is left.", "Widen “Only where”, or look at what is left out.");
  const values: ColumnValue[] = [];
  for (const column of columns) values.push(await column.value(kept));
  return values;
}

const failure = (message: string, hint: string): Error => Object.assign(new Error(message), { hint });

/** Opens so many files at once. */
const openedAtOnce = 4;

async function openParts(host: Host, { folder, files: patterns, columns, where, bad }: DataSet): Promise<Part[]> {
  const files = await host.findFiles(folder, patterns);
  const parts: Part[] = [];
  for (let i = 0; i < files.length; i += openedAtOnce) {
    const some = files.slice(i, i + openedAtOnce);
    const opened = await Promise.all(some.map((file) => openPart(host, file, bad)));
    parts.push(...opened.filter((part) => part !== undefined));
    host.progress(i + some.length, files.length, "files");
  }
  const names = new Set([...columns.map(({ name }) => name), ...where.map(({ column }) => column)]);
  for (const { file, table } of parts) checkColumns(file, table, [...names]);
  return parts;
}

function checkColumns(file: SourceFile, { columns, rows }: TableFile, names: readonly string[]): void {
  const there = columns.map(({ name }) => name);
  const missing = names.filter((name) => !there.includes(name));
  // A table whose rows say what columns there are has none without rows; of a tar they may all lack one.
  if (!missing.length || rows === 0) return;
  const quoted = missing.map((name) => `“${name}”`);
  throw failure(
    `“${file.name}” has no column ${namesOf(quoted)}; its columns are ${there.join(", ") || "none"}.`,
    "Read the columns again, or choose files that have the same.",
  );
}

async function fittingParts(host: Host, { where }: DataSet, parts: readonly Part[]): Promise<Part[]> {
  const fitting: Part[] = [];
  for (const [i, part] of parts.entries()) {
    const rows = await fittingRows(part.table, where);
    fitting.push(rows ? { ...part, rows, count: rows.length } : part);
    if (rows) host.progress(i + 1, parts.length, "files looked through");
  }
  return fitting;
}

/** Of all rows that fit those that are taken. */
function takenParts(host: Host, set: DataSet, parts: readonly Part[]): Part[] {
  const of = parts.reduce((sum, part) => sum + part.count, 0);
  const count = takenCount(of, set);
  const draw = host.random("rows", set.seed);
  const drawn = set.take === "random" ? drawnPlaces(count, of, (limit) => draw.below(limit)) : undefined;
  const taken: Part[] = [];
  let before = 0; // of the rows that fit
  let first = 0; // of those that are taken
  for (const part of parts) {
    const places = drawn
      ? drawn.slice(lowerBound(drawn, before), lowerBound(drawn, before + part.count)).map((place) => place - before)
      : undefined;
    const size = places?.length ?? Math.max(0, Math.min(part.count, count - before));
    const chosen = places ?? (size < part.count ? Uint32Array.from({ length: size }, (_, i) => i) : undefined);
    const rows = chosen && part.rows ? chosen.map((place) => part.rows?.[place] ?? 0) : (chosen ?? part.rows);
    taken.push({ ...part, rows, first, count: size });
    before += part.count;
    first += size;
  }
  return taken;
}

/** The place of the first number that is not below a limit. */
function lowerBound(sorted: Uint32Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A column that is filled row by row. */
interface Column {
  wanted: WantedColumn;
  /** Takes a value in, and gives what is wrong with it. */
  set(place: number, value: unknown): string | undefined;
  /** Of a column of pictures, where they lie or what their paths are. */
  pictures?: (PlacedImage | string)[];
  /** Waits until what was taken in is kept, where it is not held. */
  keepUp?(): Promise<void>;
  /** What it holds at some places, or at all. */
  value(kept?: Uint32Array): ColumnValue | Promise<ColumnValue>;
}
type ColumnValue = PortValue["image" | "text" | "tensor"];

function columnOf(host: Host, set: DataSet, wanted: WantedColumn, count: number): Column {
  if (wanted.as === "picture") return pictureColumn(wanted, count);
  const hasNumbers = wanted.as === "number" || wanted.as === "integer";
  const clean = cleaningOf(set, wanted);
  const block = (rows: number) => (hasNumbers ? numberColumn(wanted, rows) : textColumn(wanted, rows, clean));
  return { wanted, ...growingColumn(host, hasNumbers ? "tensor" : "text", count, block) };
}

const reasonOf = ({ name }: WantedColumn, { reason, isRow }: BadValue): string =>
  isRow ? reason : `“${name}” ${reason}`;

/** What becomes of a column's texts, where they are captions that are to be cleaned. */
function cleaningOf({ cleaning, captions, words }: DataSet, { name, as }: WantedColumn): Cleaning | undefined {
  const names = captions.split(",").map((each) => each.trim());
  if (cleaning === "none" || !names.includes(name)) return undefined;
  const cleaned = (text: string): string | BadValue => {
    const result = cleanCaption(text, cleaning, words);
    return result === "" ? new BadValue("has no word left once it is cleaned") : result;
  };
  return as === "json" ? (json) => cleanedList(json, cleaned) : cleaned;
}

type Cleaning = (text: string) => string | BadValue;

/** A list of captions, each of them cleaned, or one; other values stay what they are. */
function cleanedList(json: string, clean: Cleaning): string | BadValue {
  const value: unknown = JSON.parse(json);
  const list = [value].flat();
  if (!list.every((each) => typeof each === "string")) return json;
  const cleaned = list.map(clean);
  const bad = cleaned.find((each) => each instanceof BadValue);
  return bad ?? JSON.stringify(Array.isArray(value) ? cleaned : cleaned[0]);
}

function textColumn(wanted: WantedColumn, count: number, clean: Cleaning = (text) => text): Column & FilledColumn {
  const texts = new Array<string>(count).fill("");
  let characters = 0;
  return {
    wanted,
    set(place, value) {
      const written = textIn(value, wanted.as);
      const text = written instanceof BadValue ? written : clean(written);
      if (text instanceof BadValue) return reasonOf(wanted, text);
      texts[place] = text;
      characters += text.length;
      return undefined;
    },
    characters: () => characters,
    value: (kept) => (kept ? Array.from(kept, (place) => texts[place] as string) : texts),
  };
}

function pictureColumn(wanted: WantedColumn, count: number): Column {
  const pictures = new Array<PlacedImage | string>(count).fill("");
  const onePath = interned();
  return {
    wanted,
    pictures,
    set(place, value) {
      const path = pathIn(value);
      if (path instanceof BadValue) return reasonOf(wanted, path);
      pictures[place] = onePath(path);
      return undefined;
    },
    value: (kept) => ({ files: (kept ? Array.from(kept, (place) => pictures[place]) : pictures) as PlacedImage[] }),
  };
}

/** Gives the same text for equal ones that lie near to each other: many rows may name one picture. */
function interned(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    if (known.size > 10_000) known.clear();
    const first = known.get(text) ?? text;
    known.set(first, first);
    return first;
  };
}

/** More numbers than this are no column to be held. */
const mostBytes = 2 ** 31;

function numberColumn(wanted: WantedColumn, count: number): Column & FilledColumn {
  const { as, size = 1, name } = wanted;
  const width = as === "integer" ? 8 : 4;
  if (count * size * width > mostBytes)
    throw failure(
      `“${name}” takes ${((count * size * width) / 2 ** 30).toFixed(1)} GiB in memory.`,
      "Take fewer rows, or fewer columns.",
    );
  const data = as === "integer" ? new BigInt64Array(count * size) : new Float32Array(count * size);
  return {
    wanted,
    set(place, value) {
      const numbers = numbersIn(value, { name, kind: as, size: wanted.size });
      if (numbers instanceof BadValue) return reasonOf(wanted, numbers);
      for (const [i, number] of numbers.entries()) {
        if (data instanceof BigInt64Array) data[place * size + i] = BigInt(number);
        else data[place * size + i] = Number(number);
      }
      return undefined;
    },
    value: (kept) => tensorOf(wanted, kept ? keptRows(data, kept, size) : data),
  };
}

function keptRows(data: BigInt64Array | Float32Array, kept: Uint32Array, size: number) {
  let filled = 0;
  for (const place of kept) {
    data.copyWithin(filled, place * size, (place + 1) * size); // rows only ever move forward
    filled += size;
  }
  return data.slice(0, filled);
}

function tensorOf({ as, size }: WantedColumn, data: BigInt64Array | Float32Array): Tensor {
  const shape = size === undefined ? [data.length] : [data.length / size, size];
  return { dtype: as === "integer" ? "int64" : "float32", shape, data: data as Tensor["data"] };
}

async function readPart(host: Host, set: DataSet, part: Part, columns: readonly Column[], bad: BadRows): Promise<void> {
  const { table } = part;
  const read = columns.filter(({ wanted }) => !isPlaced(table, wanted));
  for (const column of columns) {
    if (isPlaced(table, column.wanted)) await placePictures(part, column, { bad, choice: set.bad });
  }
  const names = read.map(({ wanted }) => wanted.name);
  const meet = (place: number, values: readonly unknown[]) => {
    for (const [i, column] of read.entries()) {
      const wrong = column.set(place, values[i]);
      if (wrong !== undefined) bad.add(place, wrong);
    }
  };
  const keepUp = async () => void (await Promise.all(read.map((column) => column.keepUp?.())));
  await readPartRows(host, part, names, set.bad, meet, keepUp);
}

/** Whether a column's pictures lie in the file, and no paths of them. */
const isPlaced = ({ pictures }: TableFile, { as }: WantedColumn): boolean => as === "picture" && pictures !== undefined;

async function placePictures(
  part: Part,
  { wanted: { name }, pictures = [] }: Column,
  bad: { bad: BadRows; choice: BadRowsChoice },
): Promise<void> {
  const { table, file, rows, first } = part;
  const counts = await countPictures(part, name, bad);
  for (const [place, count] of counts.entries()) {
    if (count) pictures[first + place] = placeOf(table, file, name, rows?.[place] ?? place);
    else bad.bad.add(first + place, `“${name}” is missing`);
  }
}

/** Pictures by their paths are looked for; the first are looked at, or all, where damaged ones are to be left out. */
async function findPictures(host: Host, set: DataSet, { pictures, wanted }: Column, bad: BadRows): Promise<void> {
  if (!pictures) return;
  const paths = new Set(pictures.filter((picture) => typeof picture === "string" && picture !== ""));
  const found = await placesOf(host, set.folder, [...paths] as string[]);
  const looked: number[] = [];
  for (const [place, picture] of pictures.entries()) {
    if (bad.has(place)) continue;
    const image = typeof picture === "string" ? found.get(picture) : picture;
    if (image instanceof Error) bad.add(place, `“${wanted.name}”: ${image.message}`);
    else if (image) {
      pictures[place] = image;
      if (set.bad === "leave out" || looked.length < lookedAtFirst) looked.push(place);
    }
  }
  if (set.bad === "stop") bad.tell(host, set.bad);
  const sources = looked.map((place): PictureSource => {
    const image = pictures[place] as PlacedImage;
    const where = image.row === undefined ? `${capital(bad.nameOf(place))}: ` : undefined;
    return { name: pictureName(image), where, place: image, read: () => host.imageBytes(image) };
  });
  const images = await host.importImages(sources, set.bad);
  for (const [i, image] of images.entries()) {
    if (!image) bad.drop(looked[i] as number);
  }
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
