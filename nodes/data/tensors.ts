import * as z from "zod";
import { type PlacedNumbers, tensorFormats } from "#models/files/tensor-file";
import { portNames } from "#models/onnx/import/signature";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { type Ports, port } from "../core/ports";
import type { SourceFile, Tensor } from "../core/values";
import { namesOf } from "../core/wording";

const dtypes = ["float32", "float64", "float16", "int64", "int32", "uint8", "bool"] as const;
const tensor = z.object({
  name: z.string().max(200),
  as: z.enum(dtypes).default("float32").meta({ label: "Type" }),
  row: z.array(z.int().min(0)).max(7).default([]).meta({ label: "Shape of a row" }),
});

export const tensors = defineNode({
  type: "data.tensors",
  title: "Tensors from files",
  description: "Numbers that were saved as NumPy or safetensors files.",
  synonyms: ["npy", "npz", "torch.load", "from_numpy"],
  docs: `Reads ${tensorFormats} of a folder that the operator allows (\`PATCHBAY_FOLDERS\`). *Read the columns* makes a
port of each tensor of the first file; what is not needed is removed. The tensor of a .npy is called like its file, or,
of several files, like the first. Tensors of several files are put one behind the other along their first axis, as
embeddings in parts are. float16, float32, float64, int32, int64, uint8 and bool are read, row by row with the small
end first, of any size: large ones are kept in pieces, and never held as a whole. Python objects are refused.`,
  version: 1,
  inputs: {},
  outputs: {},
  params: {
    folder: z.string().max(4096).default("").meta({ label: "Folder", placeholder: "/data/set" }),
    files: z.string().max(100_000).default("").meta({
      label: "Files",
      widget: "textarea",
      placeholder: "embeddings-*.npy",
      description: "One or more a line.",
    }),
    columns: z.array(tensor).max(200).default([]).meta({ label: "Tensors", widget: "columns" }),
  },
  ports: ({ columns }) => ({ outputs: portsOf(columns) }),
  check({ folder, files, columns }) {
    if (!folder.trim() || !files.trim())
      return {
        param: folder.trim() ? "files" : "folder",
        message: "No file is given.",
        hint: "Enter a folder on the machine that runs the graph, and names of files in it.",
      };
    if (!columns.length)
      return { param: "columns", message: "No tensor is chosen.", hint: "Read the columns of the file." };
    return undefined;
  },
  async fingerprint({ host, params }) {
    const files = await host.findFiles(params.folder, params.files);
    return JSON.stringify(files.map(({ path, size, mtimeMs }) => [path, size, mtimeMs]));
  },
  async run({ host, params }) {
    const files = await host.findFiles(params.folder, params.files);
    const opened = await Promise.all(files.map(async (file) => ({ file, tensors: await host.openTensors(file) })));
    const values: Tensor[] = [];
    for (const wanted of params.columns) values.push(await joined(host, opened, wanted));
    const names = [...portNames(params.columns).values()];
    return Object.fromEntries(names.map((name, i) => [name, values[i]]));
  },
});

type Wanted = z.output<typeof tensor>;
interface Opened {
  file: SourceFile;
  tensors: Map<string, PlacedNumbers>;
}

function portsOf(columns: readonly Wanted[]): Ports {
  const names = portNames(columns);
  return Object.fromEntries(
    columns.map(({ name, as, row }) => [
      names.get(name) ?? name,
      port.tensor({ dtype: as, shape: ["*", ...row], doc: `The tensor “${name}”.` }),
    ]),
  );
}

/** Larger tensors are not held: they are kept in pieces of so many bytes. */
const pieceBytes = 2 ** 24;

/** A tensor of all files, one behind the other. */
async function joined(host: Host, opened: readonly Opened[], wanted: Wanted): Promise<Tensor> {
  const parts = opened.map(({ file, tensors }) => ({ file, ...partOf(file, tensors, wanted) }));
  const bytes = parts.reduce((sum, { start, end }) => sum + end - start, 0);
  if (bytes > pieceBytes) return inPieces(host, parts, wanted);
  const data = new Uint8Array(bytes);
  let filled = 0;
  for (const { file, start, end } of parts) {
    data.set(await host.sourceBytes(file, start, end), filled);
    filled += end - start;
  }
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 1), 0);
  return { dtype: wanted.as, shape: [rows, ...wanted.row], data: asNumbers(wanted.as, data) };
}

async function inPieces(
  host: Host,
  parts: readonly (PlacedNumbers & { file: SourceFile })[],
  { as, row }: Wanted,
): Promise<Tensor> {
  const rows = host.growRows("tensor");
  for (const { file, start, end, shape } of parts) {
    const [count = 0] = shape;
    const rowBytes = (end - start) / Math.max(1, count);
    const pieceRows = Math.max(1, Math.floor(pieceBytes / Math.max(1, rowBytes)));
    for (let first = 0; first < count; first += pieceRows) {
      const last = Math.min(count, first + pieceRows);
      const bytes = await host.sourceBytes(file, start + first * rowBytes, start + last * rowBytes);
      await rows.add({ dtype: as, shape: [last - first, ...row], data: asNumbers(as, new Uint8Array(bytes)) });
      host.progress(last, count, `rows of ${file.name}`);
    }
  }
  return rows.finish();
}

function partOf(file: SourceFile, tensors: Map<string, PlacedNumbers>, { name, as, row }: Wanted): PlacedNumbers {
  const [only] = tensors.values();
  const found = tensors.get(name) ?? (/\.npy$/i.test(file.name) ? only : undefined);
  if (!found)
    throw Object.assign(new Error(`“${file.name}” has no tensor “${name}”; it has ${namesOf([...tensors.keys()])}.`), {
      hint: "Read the columns again, or choose files that have the same.",
    });
  const isSame = found.dtype === as && found.shape.length > 0 && found.shape.slice(1).join() === row.join();
  if (isSame) return found;
  const told = `“${name}” of “${file.name}” is ${found.dtype} [${found.shape.join(", ")}]`;
  throw Object.assign(new Error(`${told}, and rows of ${as} [${row.join(", ")}] were expected.`), {
    hint: "Read the columns again, or choose files that have the same.",
  });
}

function asNumbers(dtype: Wanted["as"], { buffer }: Uint8Array<ArrayBuffer>): Tensor["data"] {
  if (dtype === "float32") return new Float32Array(buffer);
  if (dtype === "float64") return new Float64Array(buffer);
  if (dtype === "float16") return new Uint16Array(buffer);
  if (dtype === "int64") return new BigInt64Array(buffer);
  return dtype === "int32" ? new Int32Array(buffer) : new Uint8Array(buffer);
}
