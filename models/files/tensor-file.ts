/** Tensors in files: NumPy's .npy and .npz, and safetensors. Heads are read first, numbers when they are asked for. */
import type { DType } from "../onnx/graph";
import { openSafetensors, SafetensorsError } from "./safetensors";
import { type ByteSource, readExactly, TableError } from "./table-file";
import { storedEntries } from "./zip-entries";

/** Where a tensor lies in its file, row-major. */
export interface PlacedNumbers {
  dtype: DType;
  shape: readonly number[];
  start: number;
  end: number;
}

/** How names of such files end, for people. */
export const tensorFormats = ".npy, .npz (not packed) and .safetensors";

/** What tensors a file holds, by their names; that of a .npy is called like the file. */
export async function tensorsIn(name: string, source: ByteSource): Promise<Map<string, PlacedNumbers>> {
  if (/\.npy$/i.test(name)) return new Map([[stemOf(name), await npyAt(source, 0, source.size)]]);
  if (/\.safetensors$/i.test(name)) return inSafetensors(source);
  if (!/\.npz$/i.test(name))
    throw new TableError("It is no file of tensors by its name.", `${tensorFormats} are read.`);
  const found = new Map<string, PlacedNumbers>();
  for (const { path, start, end } of await storedEntries(source)) {
    if (path.endsWith(".npy")) found.set(path.slice(0, -4), await npyAt(source, start, end));
  }
  return found;
}

const stemOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1).replace(/\.npy$/i, "");

const safetensorsTypes: Record<string, DType> = {
  ...{ F32: "float32", F64: "float64", F16: "float16", I64: "int64", I32: "int32", U8: "uint8", BOOL: "bool" },
};

async function inSafetensors(source: ByteSource): Promise<Map<string, PlacedNumbers>> {
  try {
    const { tensors } = await openSafetensors(source);
    const read = [...tensors].flatMap(([name, { dtype, shape, start, end }]): [string, PlacedNumbers][] => {
      const type = safetensorsTypes[dtype];
      return type ? [[name, { dtype: type, shape, start, end }]] : [];
    });
    return new Map(read);
  } catch (error) {
    throw error instanceof SafetensorsError ? new TableError(error.message, error.hint) : error;
  }
}

const numpyTypes: Record<string, { dtype: DType; bytes: number }> = {
  f4: { dtype: "float32", bytes: 4 },
  f8: { dtype: "float64", bytes: 8 },
  f2: { dtype: "float16", bytes: 2 },
  i8: { dtype: "int64", bytes: 8 },
  i4: { dtype: "int32", bytes: 4 },
  u1: { dtype: "uint8", bytes: 1 },
  b1: { dtype: "bool", bytes: 1 },
};

const longestHead = 2 ** 20;

/** The head of a .npy (numpy.lib.format), which says what lies behind it up to `end`. */
async function npyAt(source: ByteSource, start: number, end: number): Promise<PlacedNumbers> {
  const lead = await source.read(start, Math.min(end, start + 12));
  if (lead[0] !== 0x93 || new TextDecoder().decode(lead.subarray(1, 6)) !== "NUMPY")
    throw new TableError("It is no NumPy file.");
  const view = new DataView(lead.buffer, lead.byteOffset, lead.byteLength);
  const isShort = lead[6] === 1;
  const begin = start + (isShort ? 10 : 12);
  const length = isShort ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > Math.min(longestHead, end - begin)) throw new TableError(`Its head says that it has ${length} bytes.`);
  const head = new TextDecoder("latin1").decode(await readExactly(source, begin, begin + length));
  const { dtype, shape, bytes } = npyHead(head);
  const numbers = begin + length;
  const size = shape.reduce((product, side) => product * side, bytes);
  if (!(size <= end - numbers))
    throw new TableError(
      `It says that it has [${shape.join(", ")}] numbers, ${size} bytes, and there are ${end - numbers}.`,
    );
  return { dtype, shape, start: numbers, end: numbers + size };
}

function npyHead(head: string): { dtype: DType; shape: number[]; bytes: number } {
  const described = /'descr':\s*'([<>|=]?)([A-Za-z]\d*)'/.exec(head);
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(head)?.[1];
  if (/'descr':\s*'[|<>=]?O/.test(head))
    throw new TableError("It holds Python objects, which are not read.", "Save numbers alone: astype(float32).");
  const type = numpyTypes[described?.[2] ?? ""];
  if (!type || sizes === undefined || described?.[1] === ">")
    throw new TableError(
      `Its numbers are of a type that is not read: ${/'descr':\s*([^,]{1,40})/.exec(head)?.[1] ?? "unknown"}.`,
      "Read are float16, float32, float64, int32, int64, uint8 and bool, with the small end first.",
    );
  const shape = sizes.split(",").flatMap((size) => (size.trim() ? [Number(size)] : []));
  if (/'fortran_order':\s*True/.test(head) && shape.length > 1)
    throw new TableError("Its numbers lie column by column.", "Save it with numpy.ascontiguousarray.");
  return { dtype: type.dtype, shape, bytes: type.bytes };
}
