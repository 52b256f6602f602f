/** Files of a float32 tensor that are written while its rows come: no more than a chunk of them is in memory. */
import { npyHeader } from "#models/files/npy-header";
import { headerFor } from "#models/files/safetensors";
import type { Host } from "./host";
import type { Tensor } from "./values";

export const tensorFormats = ["safetensors", "npy", "parquet"] as const;
export type TensorFormat = (typeof tensorFormats)[number];

export interface TensorFile {
  /** Takes rows, and the text of each, where there are texts. */
  add(rows: Tensor, texts: readonly string[] | undefined): Promise<void>;
  store(): Promise<{ ref: string; bytes: number }>;
  discard(): Promise<void>;
}

/** A new file, in which the tensor is called `name`. */
export function tensorFile(format: TensorFormat, name: string, host: Host): TensorFile {
  return { safetensors: safetensorsFile, npy: npyFile, parquet: parquetFile }[format](name, host);
}

/** Bytes of texts that a header may hold: the format allows 100 MB in all. */
const headerTexts = 99_000_000;
/** What a text takes there: it is JSON in a text of JSON. */
const bytesInHeader = (text: string): number => new TextEncoder().encode(JSON.stringify(JSON.stringify(text))).length;

function safetensorsFile(name: string, host: Host): TensorFile {
  const numbers = numbersFile(host);
  const texts: string[] = [];
  let bytesOfTexts = 0;
  return {
    async add(rows, some) {
      for (const text of some ?? []) {
        bytesOfTexts += bytesInHeader(text);
        texts.push(text);
      }
      if (bytesOfTexts > headerTexts)
        throw Object.assign(new Error("The texts of the rows are too long for the header of a safetensors file."), {
          hint: "Choose Parquet, which keeps texts as a column, or unwire them.",
        });
      await numbers.add(rows);
    },
    async store() {
      const { shape, bytes, counts } = numbers.written();
      const metadata: Record<string, string> = texts.length ? { rows: JSON.stringify(texts) } : {};
      const tensors = [{ name, dtype: "F32", shape, bytes }];
      if (counts) {
        const numbersOfItems = BigInt64Array.from(counts, BigInt);
        const { byteLength, buffer } = numbersOfItems;
        tensors.push({ name: `${name}.counts`, dtype: "I64", shape: [counts.length], bytes: byteLength });
        await numbers.file.append(new Uint8Array(buffer));
      }
      return numbers.file.store(headerFor(tensors, metadata));
    },
    discard: numbers.file.discard,
  };
}

function npyFile(_name: string, host: Host): TensorFile {
  const numbers = numbersFile(host);
  let isWarned = false;
  return {
    async add(rows, texts) {
      if (texts && !isWarned) host.warn("A NumPy file has no place for the texts of the rows; they are left out.");
      isWarned ||= texts !== undefined;
      refusePacked(rows, "NumPy");
      await numbers.add(rows);
    },
    store: () => numbers.file.store(npyHeader("float32", numbers.written().shape)),
    discard: numbers.file.discard,
  };
}

/** The numbers of all rows, one behind the other. */
function numbersFile(host: Host) {
  const file = host.growFile();
  let shape: number[] | undefined;
  let counts: number[] | undefined;
  return {
    file,
    async add({ shape: some, data, counts: ofRows }: Tensor): Promise<void> {
      if (ofRows) counts = [...(counts ?? []), ...ofRows];
      if (shape) {
        refuseOtherSizes(shape.slice(1), some.slice(1));
        shape[0] = (shape[0] ?? 0) + (some[0] ?? 0);
      } else shape = [...some];
      await file.append(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    },
    /** Where rows have any number of items, `counts` are their numbers. */
    written(): { shape: readonly number[]; bytes: number; counts: readonly number[] | undefined } {
      const sizes = shape ?? [0];
      return { shape: sizes, bytes: sizes.reduce((product, size) => product * size, 4), counts };
    },
  };
}

function refusePacked({ counts }: Tensor, format: string): void {
  if (!counts) return;
  throw Object.assign(new Error(`A ${format} file has no place for how many items each row has.`), {
    hint: "Choose safetensors, which keeps that beside the numbers.",
  });
}

function refuseOtherSizes(first: readonly number[], sizes: readonly number[]): void {
  if (first.join() === sizes.join()) return;
  throw Object.assign(
    new Error(`Rows of ${first.join(" × ")} and of ${sizes.join(" × ")} numbers do not make one tensor.`),
    { hint: "Bring all rows to one size before they are exported." },
  );
}

/** Numbers of a row group, all of which are in memory while it is written. */
const groupNumbers = 2 ** 20;

/**
 * A column of lists, or of numbers where a row is one, and a column `text` before it. Of rows with several axes, the
 * sizes are kept in the file's metadata as JSON under `shape`.
 */
function parquetFile(name: string, host: Host): TensorFile {
  const file = host.growFile();
  let opened: Promise<ParquetParts> | undefined;
  return {
    async add(rows, texts) {
      refusePacked(rows, "Parquet");
      const [count = 0, ...sizes] = rows.shape;
      opened ??= openParquet(name, sizes, texts !== undefined);
      const { writer, bytes } = await opened;
      const width = sizes.reduce((product, size) => product * size, 1);
      const groupRows = Math.max(1, Math.floor(groupNumbers / Math.max(1, width)));
      for (let start = 0; start < count; start += groupRows) {
        const end = Math.min(count, start + groupRows);
        writer.write({ columnData: columnsOf(name, rows, texts, start, end), rowGroupSize: groupRows });
        await file.append(taken(bytes));
      }
    },
    async store() {
      const { writer, bytes } = await (opened ?? openParquet(name, [], false));
      writer.finish();
      await file.append(taken(bytes));
      return file.store();
    },
    discard: file.discard,
  };
}

type Parquet = typeof import("hyparquet-writer");
interface ParquetParts {
  writer: InstanceType<Parquet["ParquetWriter"]>;
  bytes: InstanceType<Parquet["ByteWriter"]>;
}

async function openParquet(name: string, sizes: readonly number[], hasTexts: boolean): Promise<ParquetParts> {
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const bytes = new ByteWriter();
  const text = { name: "text", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" } as const;
  const list = [
    { name, converted_type: "LIST", repetition_type: "REQUIRED", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
  ] as const;
  const number = { name, type: "FLOAT", repetition_type: "REQUIRED" } as const;
  const columns = [...(hasTexts ? [text] : []), ...(sizes.length ? list : [number])];
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [{ name: "root", num_children: hasTexts ? 2 : 1 }, ...columns],
    codec: "UNCOMPRESSED", // numbers of a model hardly shrink
    statistics: false,
    kvMetadata: sizes.length > 1 ? [{ key: "shape", value: JSON.stringify(sizes) }] : undefined,
  });
  return { writer, bytes };
}

function columnsOf(
  name: string,
  { shape, data }: Tensor,
  texts: readonly string[] | undefined,
  start: number,
  end: number,
) {
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const numbers = data as Float32Array;
  const row = (i: number) => Array.from(numbers.subarray(i * width, (i + 1) * width));
  const values =
    shape.length > 1
      ? Array.from({ length: end - start }, (_, i) => row(start + i))
      : Array.from(numbers.subarray(start, end));
  return [
    ...(texts ? [{ name: "text", data: texts.slice(start, end) }] : []),
    { name, data: values, encoding: "PLAIN" as const },
  ];
}

/** What was written since it was last taken. */
function taken(bytes: ParquetParts["bytes"]): Uint8Array {
  const written = bytes.getBytes().slice();
  bytes.index = 0;
  return written;
}
