/**
 * A page of pictures, unpacked but not taken apart: where each value lies is told by the lengths before them. Making an
 * object of every value, as reading all of them does, takes longer than unpacking, and one or two are asked for.
 */
import type { CompressionCodec, Compressors, PageHeader, SchemaTree } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import type { PictureRows } from "./table-file";

export interface PackedPage {
  /** With its header. */
  bytes: Uint8Array<ArrayBuffer>;
  codec: CompressionCodec;
  compressors: Compressors;
  /** From the root to the column of bytes. */
  path: readonly SchemaTree[];
}

/** Nothing for pages that hold their values in another way than one behind the other, or lists of them. */
export function picturesInPage(page: PackedPage): PictureRows | undefined {
  const { bytes, path } = page;
  const reader = { view: viewOf(bytes), offset: 0 };
  const header = parquetHeader(reader);
  const data = header.data_page_header_v2 ?? header.data_page_header;
  const isList = path.some(({ element }) => element.repetition_type === "REPEATED");
  if (data?.encoding !== "PLAIN" || isList || path.at(-1)?.element.type !== "BYTE_ARRAY") return undefined;
  const packed = bytes.subarray(reader.offset, reader.offset + header.compressed_page_size);
  const deepest = path.filter(({ element }) => element.repetition_type === "OPTIONAL").length;
  const { values, offset, levels } = unpacked(page, header, packed, { rows: data.num_values, deepest });
  const isThere = (row: number) => !deepest || levels[row] === deepest;
  return rowsIn(values, offset, data.num_values, isThere);
}

/** The values, from where on they lie in what was unpacked, and the levels that say which of them are there. */
function unpacked(
  { codec, compressors }: PackedPage,
  { uncompressed_page_size: size, data_page_header_v2: second }: PageHeader,
  packed: Uint8Array,
  { rows, deepest }: { rows: number; deepest: number },
): { values: Uint8Array; offset: number; levels: number[] } {
  const levels = new Array<number>(deepest ? rows : 0);
  const width = 32 - Math.clz32(deepest);
  if (!second) {
    const values = decompressPage(packed, size, codec, compressors);
    const reader = { view: viewOf(values), offset: 0 };
    if (deepest) readRleBitPackedHybrid(reader, width, levels);
    return { values, offset: reader.offset, levels };
  }
  // In pages of the second kind the levels lie before what is packed.
  const before = second.repetition_levels_byte_length + second.definition_levels_byte_length;
  const reader = { view: viewOf(packed), offset: second.repetition_levels_byte_length };
  if (deepest) readRleBitPackedHybrid(reader, width, levels, second.definition_levels_byte_length);
  const rest = packed.subarray(before);
  const isPacked = second.is_compressed !== false && size > before;
  return { values: isPacked ? decompressPage(rest, size - before, codec, compressors) : rest, offset: 0, levels };
}

function rowsIn(page: Uint8Array, first: number, rows: number, isThere: (row: number) => boolean): PictureRows {
  const view = viewOf(page);
  const [starts, ends] = [new Uint32Array(rows), new Uint32Array(rows)];
  let end = first;
  for (let row = 0; row < rows; row++) {
    if (!isThere(row)) continue;
    const start = end + 4;
    end = start + view.getUint32(end, true);
    if (end > page.length) throw new Error(`value ${row + 1} of a page says that it ends at byte ${end} of it`);
    starts[row] = start;
    ends[row] = end;
  }
  return {
    weight: page.byteLength + starts.byteLength + ends.byteLength,
    picture: (row, item = 0) => (item || !ends[row] ? undefined : page.subarray(starts[row], ends[row])),
  };
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);
