import { createHash } from "node:crypto";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { extname, join, relative, resolve, sep } from "node:path";
import { Failure } from "../../errors";

export const folderLimits = { files: 200_000, fileBytes: 256 * 2 ** 20, depth: 12 };

const within = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/**
 * The real path of a folder, if the operator allows data to be read from it: symbolic links are followed before the
 * check.
 */
async function allowed(folder: string, folders: readonly string[]): Promise<string> {
  const real = await realpath(resolve(folder)).catch(() => undefined);
  if (!real)
    throw new Failure({
      param: "folder",
      message: `The folder “${folder}” does not exist on the machine that runs the graph.`,
      hint: "Check the path, or upload the pictures instead.",
    });
  const roots = await Promise.all(folders.map((f) => realpath(resolve(f)).catch(() => resolve(f))));
  if (!roots.some((root) => within(root, real))) {
    throw new Failure({
      param: "folder",
      message: `The folder “${folder}” may not be read.`,
      hint: roots.length
        ? `Allowed are ${roots.join(", ")} (PATCHBAY_FOLDERS). Move the data there, or allow its folder.`
        : "No folder is allowed. Start Patchbay with PATCHBAY_FOLDERS set to the folders that hold data, or upload the pictures.",
    });
  }
  if (!(await stat(real)).isDirectory())
    throw new Failure({
      param: "folder",
      message: `“${folder}” is no folder.`,
      hint: "Give the folder that holds the file.",
    });
  return real;
}

/** Says which file or folder it was that the system would not open. */
const unreadable =
  (path: string) =>
  (cause: NodeJS.ErrnoException): never => {
    throw new Failure(
      {
        param: "folder",
        message: `“${path}” cannot be read: ${cause.code === "EACCES" || cause.code === "EPERM" ? "Patchbay's user lacks the permission" : cause.message}.`,
        hint: "Check that it is still there, and who may read it.",
      },
      { cause },
    );
  };

/** Paths relative to the folder, sorted, of all files with one of the extensions. */
export async function listFolder(
  folder: string,
  extensions: readonly string[],
  folders: readonly string[],
): Promise<string[]> {
  const root = await allowed(folder, folders);
  const found: string[] = [];
  const walk = async (dir: string, depth: number): Promise<void> => {
    for (const entry of await readdir(dir, { withFileTypes: true }).catch(unreadable(dir))) {
      if (entry.name.startsWith(".")) continue;
      const path = join(dir, entry.name);
      if (entry.isDirectory() && depth < folderLimits.depth) await walk(path, depth + 1);
      else if (entry.isFile() && extensions.includes(extname(entry.name).toLowerCase()))
        found.push(relative(root, path).split(sep).join("/"));
      if (found.length > folderLimits.files)
        throw new Failure({
          param: "folder",
          message: `The folder “${folder}” holds more than ${folderLimits.files} files.`,
          hint: "Split it.",
        });
    }
  };
  await walk(root, 0);
  return found.sort();
}

/** A hash of the files' paths, sizes and times: reading them all, before every run, would cost more than most runs. */
export async function folderStamp(
  folder: string,
  extensions: readonly string[],
  folders: readonly string[],
): Promise<string> {
  const hash = createHash("sha256");
  for (const path of await listFolder(folder, extensions, folders)) {
    const { size, mtimeMs } = await stat(join(folder, path));
    hash.update(JSON.stringify([path, size, mtimeMs]));
  }
  return hash.digest("hex");
}

export async function readFolderFile(folder: string, path: string, folders: readonly string[]): Promise<Uint8Array> {
  const root = await allowed(folder, folders);
  const real = await realpath(join(root, path)).catch(() => undefined);
  if (!real || !within(root, real))
    throw new Failure({
      param: "folder",
      message: `“${path}” is not in the folder “${folder}”.`,
      hint: "Paths in captions files are relative to the folder and stay inside of it.",
    });
  const found = await stat(real);
  const { size } = found;
  if (!found.isFile())
    throw new Failure({
      param: "folder",
      message: `“${path}” is no file.`,
      hint: "Give the path of a file in the folder.",
    });
  if (size > folderLimits.fileBytes)
    throw new Failure({
      param: "folder",
      message: `“${path}” has ${Math.ceil(size / 2 ** 20)} MiB, and ${folderLimits.fileBytes / 2 ** 20} is the limit.`,
      hint: "Split the file.",
    });
  return readFile(real).catch(unreadable(path));
}
