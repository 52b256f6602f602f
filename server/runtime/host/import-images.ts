import type { PictureSource } from "#nodes/core/host";
import type { ImageFile, StoredImage } from "#nodes/core/values";
import { pictureName } from "#nodes/core/pictures";
import { counted, namesOf } from "#nodes/core/wording";
import { Failure } from "../../errors";
import type { Blobs } from "../../storage/blobs";
import { decodeWhole, damagedPicture, inspect } from "./pictures";
import { failuresOf, type SideBySide } from "./side-by-side";

export interface Importing {
  blobs: Blobs;
  each: SideBySide;
  warn(message: string): void;
  bytesOf(image: ImageFile): Promise<Uint8Array>;
}

interface Looked<Image extends ImageFile> {
  file: Image;
  endAdded: boolean;
}

/** Looks at a picture and keeps it; what is refused is not kept. */
export async function importImage(
  bytes: Uint8Array,
  name: string | undefined,
  blobs: Blobs,
): Promise<Looked<StoredImage>> {
  const { bytes: kept, width, height, endAdded } = await inspect(bytes, name);
  return { file: { ref: await blobs.put(kept, { durable: false }), width, height, name }, endAdded };
}

/**
 * Imports many pictures; those that have a place are only looked at. A picture whose header is fine may still be
 * damaged. To leave such out, all are decoded here; to stop, that is left to whoever needs the pixels, unless something
 * is amiss already: then all damaged ones are looked for, so that one error names them.
 */
export async function importImages(
  sources: readonly PictureSource[],
  damaged: "stop" | "leave out",
  importing: Importing,
): Promise<(ImageFile | undefined)[]> {
  const { each, warn } = importing;
  const imported = await each.settle(
    sources,
    async (source) => {
      const picture = await lookAt(source, importing);
      if (damaged === "leave out") await checkWhole(picture.file, importing);
      return picture;
    },
    "pictures",
  );
  const pictures = imported.map((result) => (result.status === "fulfilled" ? result.value : undefined));
  tellEndings(pictures, warn);
  const failures = failuresOf(imported);
  if (failures.length && damaged === "stop") {
    const checked = await each.settle(pictures, async (picture) => picture && checkWhole(picture.file, importing));
    const all = [...failures, ...failuresOf(checked)].sort((a, b) => a.i - b.i);
    throw failureOfAll(all, sources);
  }
  if (failures.length) tellLeftOut(failures, sources, warn);
  return pictures.map((picture) => picture?.file);
}

async function lookAt({ name, read, place }: PictureSource, { blobs }: Importing): Promise<Looked<ImageFile>> {
  if (!place) return importImage(await read(), name, blobs);
  const { endAdded } = await inspect(await read(), name);
  return { file: place, endAdded };
}

async function checkWhole(file: ImageFile, { bytesOf }: Importing): Promise<void> {
  await decodeWhole((await inspect(await bytesOf(file))).bytes).catch((cause) => {
    throw damagedPicture(pictureName(file), cause);
  });
}

function tellEndings(pictures: readonly (Looked<ImageFile> | undefined)[], warn: Importing["warn"]) {
  const names = pictures.flatMap((picture) => (picture?.endAdded ? [pictureName(picture.file)] : []));
  if (!names.length) return;
  const subject = counted(names.length, "JPEG lacks its end marker and is", "JPEGs lack their end markers and are");
  warn(`${subject} read nonetheless: ${namesOf(names, 5)}.`);
}

type Failures = readonly { i: number; reason: unknown }[];

function tellLeftOut(failures: Failures, sources: readonly PictureSource[], warn: Importing["warn"]) {
  const are = failures.length === 1 ? "is" : "are";
  const names = namesOf(failures.map(({ i }) => sources[i]?.name ?? ""));
  const count = `${failures.length} of ${sources.length} pictures`;
  warn(`${count} ${are} damaged or cannot be read, and ${are} left out: ${names}.`);
}

/** One failure as it is; of several, which pictures they are about, and what is wrong with the first ones. */
function failureOfAll(failures: Failures, sources: readonly PictureSource[]): unknown {
  const [first] = failures;
  const whereOf = (i: number) => sources[i]?.where ?? "";
  if (failures.length === 1 && first) return withWhere(first.reason, whereOf(first.i));
  const names = failures.map(({ i }) => sources[i]?.name ?? "");
  const reasons = failures
    .slice(0, 10)
    .map(({ i, reason }) => [sources[i]?.name, withWhere(reason, whereOf(i)).message]);
  return new Failure({
    message: `${failures.length} of ${sources.length} pictures are damaged or cannot be read: ${namesOf(names)}.`,
    hint: "Repair or remove them, or set “Damaged pictures” to leave them out.",
    details: Object.fromEntries(reasons),
  });
}

function withWhere(reason: unknown, where: string): Error {
  if (!(reason instanceof Failure) || !where) return reason as Error;
  return new Failure({ ...reason.public_, message: `${where}${reason.message}` }, { cause: reason });
}
