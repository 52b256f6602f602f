/**
 * Rows of data sets of conversations, in the layouts that are about: LLaVA's (`image`, `conversations`), as JSON, JSON
 * lines or Parquet, and Docmatix' (`images` and `texts`, the pages of a document and what is asked of them).
 */
import { BadValue, TableError, type TableFile } from "../table-file";
import { checkOrder, pictureMark, placedAtStart, placesIn, type Turn, TurnError, turnsIn } from "./turns";

/** How a file's rows become conversations. */
export interface RecordLayout {
  /** The columns that are read of each row. */
  columns: readonly string[];
  /** The column that holds the bytes of the pictures, where they are not given by their paths. */
  pictures?: string;
  /** Whether that column has lists of them. */
  isList: boolean;
  /** A row by the values of the columns, and how many pictures lie in it. Throws what is wrong with it. */
  record(values: readonly unknown[], pictures: number): ConversationRecord;
}

export interface ConversationRecord {
  turns: Turn[];
  /** Where its pictures lie, in formats that give paths. */
  paths: string[];
  /** The path of its video; empty: none. */
  video: string;
  id: string;
  /** What its data set is called; empty: it does not say. */
  source: string;
}

const pictureColumns = ["image", "images"];
const conversations = "conversations";
const texts = "texts";

/**
 * The layout of a file. Rows of texts, such as JSON, may each have columns of their own. Throws a `TableError` where it
 * holds no conversations.
 */
export function layoutOf(table: TableFile, isText: boolean): RecordLayout {
  const there = table.columns.map(({ name }) => name);
  const known = ["id", "data_source", "video", ...pictureColumns];
  const isKnown = (name: string) => isText || there.includes(name);
  const stored = table.columns.find(({ name, kind }) => pictureColumns.includes(name) && kind === "picture");
  const pictures = isText || !table.pictures ? undefined : stored?.name;
  const columns = known.filter((name) => name !== pictures && isKnown(name));
  const isPages = there.includes(texts) && !there.includes(conversations);
  if (!there.includes(conversations) && !isPages && table.rows > 0) throw missingColumns(there);
  const spoken = isPages ? texts : conversations;
  return {
    columns: [spoken, ...columns],
    pictures,
    isList: stored?.isList === true,
    record([said, ...values], count) {
      const valueOf = (name: string) => values[columns.indexOf(name)];
      const whole = [said, ...values].find((value) => value instanceof BadValue && value.isRow);
      if (whole) throw new TurnError((whole as BadValue).reason);
      const paths = pictures === undefined ? pathsIn(valueOf("image") ?? valueOf("images")) : [];
      const video = textOf(valueOf("video"), "video");
      const media = { pictures: pictures === undefined ? paths.length : count, videos: video ? 1 : 0 };
      const turns = isPages
        ? turnsOfTexts(readable(said, texts), media.pictures)
        : turnsIn(readable(said, conversations));
      checkOrder(turns);
      return {
        turns: checkedPlaces(turns, media),
        paths,
        video,
        id: textOf(valueOf("id"), "id"),
        source: textOf(valueOf("data_source"), "data_source"),
      };
    },
  };
}

function missingColumns(there: readonly string[]): TableError {
  const missing = [...(pictureColumns.some((name) => there.includes(name)) ? [] : ["image"]), conversations];
  const names = missing.map((name) => `“${name}”`).join(" and ");
  return new TableError(
    `It has no column ${names}; its columns are ${there.join(", ") || "none"}.`,
    "Wanted are “conversations” and “image”, or “texts” and “images”. Other tables are read by Data set.",
  );
}

function readable(value: unknown, name: string): unknown {
  if (value instanceof BadValue) throw new TurnError(`“${name}” ${value.reason}`);
  if (value === null || value === undefined) throw new TurnError(`“${name}” is missing`);
  return value;
}

/** A text, or a number as it is written; empty where there is none. */
function textOf(value: unknown, name: string): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  throw new TurnError(`“${name}” ${value instanceof BadValue ? value.reason : "is no text"}`);
}

/** As long as a path is anywhere. */
const longestPath = 4096;
const longestName = 255;

/** The paths of a row's pictures: one, or a list of them. */
function pathsIn(value: unknown): string[] {
  if (value === null || value === undefined || value === "") return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (item instanceof BadValue) throw new TurnError(`“image” ${item.reason}`);
    if (typeof item !== "string" || !isPath(item)) throw new TurnError("“image” is no path of a picture");
    const path = item.replaceAll("\\", "/");
    if (leavesFolder(path))
      throw new TurnError(`its picture “${path.slice(0, 100)}” leaves the folder of the pictures`);
    return path;
  });
}

const isPath = (text: string): boolean =>
  text.trim() !== "" &&
  text.length <= longestPath &&
  !text.includes("\0") &&
  text.split(/[\\/]/).every((name) => new TextEncoder().encode(name).length <= longestName);

/** Whether a path begins elsewhere, or leads out of the folder that it begins in. */
export function leavesFolder(path: string): boolean {
  if (/^(\/|[a-z]:)/i.test(path)) return true;
  let depth = 0;
  for (const name of path.split("/")) {
    if (name === "..") depth--;
    else if (name && name !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}

/** More pictures than a row has: what a stranger's file may claim. */
const mostPictures = 10_000;

/** What is asked of a document, in turns: the first question stands behind all of its pages. */
function turnsOfTexts(value: unknown, pages: number): Turn[] {
  if (!Array.isArray(value) || !value.length) throw new TurnError(`“${texts}” holds no questions`);
  if (pages > mostPictures) throw new TurnError(`it has ${pages} pictures, and ${mostPictures} is the limit`);
  const said = value.flatMap((text: unknown, i) => {
    const { user, assistant } = (text ?? {}) as Record<string, unknown>;
    if (typeof user !== "string" || typeof assistant !== "string")
      throw new TurnError(`question ${i + 1} of “${texts}” has no user or no assistant`);
    const question = i === 0 ? `${`${pictureMark}\n`.repeat(pages)}${user}` : user;
    return [
      { from: "human", value: question },
      { from: "gpt", value: assistant },
    ];
  });
  return turnsIn(said);
}

/** The turns, where they have a place for each of the pictures, with those that stand alone in front. */
function checkedPlaces(turns: Turn[], { pictures, videos }: { pictures: number; videos: number }): Turn[] {
  if (pictures && videos)
    throw new TurnError(
      "it has pictures and a video, and a row has one of them: make two rows of it, or leave one out",
    );
  const places = placesIn(turns);
  if (places !== pictures + videos) {
    const there = videos ? `${videos} video` : `${pictures} ${pictures === 1 ? "picture" : "pictures"}`;
    const room = `${places} ${places === 1 ? "place" : "places"}`;
    throw new TurnError(
      `its turns have ${room} for pictures (${pictureMark}), and there is ${there}`,
      "placeholder-mismatch",
    );
  }
  return places ? placedAtStart(turns) : turns;
}
