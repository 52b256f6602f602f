import type { PictureSource } from "#nodes/core/host";
import type { ImageFile } from "#nodes/core/values";
import { counted, namesOf } from "#nodes/core/wording";
import { Failure } from "../../errors";
import type { Blobs } from "../../storage/blobs";
import { decodeWhole, damagedPicture, inspect } from "./pictures";
import { failuresOf, type SideBySide } from "./side-by-side";

export interface Importing {
  blobs: Blobs;
  each: SideBySide;
  warn(message: string): void;
}

/** Looks at a picture and keeps it; what is refused is not kept. */
export async function importImage(
  bytes: Uint8Array,
  name: string | undefined,
  blobs: Blobs,
): Promise<{ file: ImageFile; endAdded: boolean }> {
  const { bytes: kept, width, height, endAdded } = await inspect(bytes, name);
  return { file: { ref: await blobs.put(kept, { durable: false }), width, height, name }, endAdded };
}

/**
 * Imports many pictures. A picture whose header is fine may still be damaged. To leave such out, all are decoded here;
 * to stop, that is left to whoever needs the pixels, unless something is amiss already: then all damaged ones are
 * looked for, so that one error names them.
 */
export async function importImages(
  sources: readonly PictureSource[],
  damaged: "stop" | "leave out",
  importing: Importing,
): Promise<(ImageFile | undefined)[]> {
  const { blobs, each, warn } = importing;
  const imported = await each.settle(
    sources,
    async ({ name, read }) => {
      const picture = await importImage(await read(), name, blobs);
      if (damaged === "leave out") await checkWhole(picture.file, blobs);
      return picture;
    },
    "pictures",
  );
  const pictures = imported.map((result) => (result.status === "fulfilled" ? result.value : undefined));
  tellEndings(pictures, warn);
  const failures = failuresOf(imported);
  if (failures.length && damaged === "stop") {
    const checked = await each.settle(pictures, async (picture) => picture && checkWhole(picture.file, blobs));
    const all = [...failures, ...failuresOf(checked)].sort((a, b) => a.i - b.i);
    throw failureOfAll(all, sources);
  }
  if (failures.length) tellLeftOut(failures, sources, warn);
  return pictures.map((picture) => picture?.file);
}

async function checkWhole(file: ImageFile, blobs: Blobs): Promise<void> {
  await decodeWhole(await blobs.get(file.ref)).catch((cause) => {
    throw damagedPicture(file.name ?? file.ref.slice(0, 12), cause);
  });
}

function tellEndings(
  pictures: readonly ({ file: ImageFile; endAdded: boolean } | undefined)[],
  warn: Importing["warn"],
) {
  const names = pictures.flatMap((picture) => (picture?.endAdded ? [picture.file.name ?? "without a name"] : []));
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
