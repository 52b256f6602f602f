/** Where the pages of a column chunk lie, found by their headers: what they claim is checked before one is unpacked. */
import type { AsyncBuffer } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { TableError } from "./table-file";

export interface Page {
  /** Where its header begins. */
  offset: number;
  /** With the header. */
  bytes: number;
  firstRow: number;
  rows: number;
}

/** Writers end a page after so many rows, whatever they weigh: one of pictures may be large. */
const largestPage = 2 ** 30;
const headerBytes = { first: 4096, most: 4 * 2 ** 20 };

/**
 * The data pages of a chunk, in order. For rows that are lists, whose pages count no rows, they are checked alone.
 */
export async function pagesOf(
  file: AsyncBuffer,
  range: { start: number; end: number },
  rows: number,
  isList: boolean,
): Promise<Page[] | undefined> {
  const pages: Page[] = [];
  let offset = range.start;
  let firstRow = 0;
  while (offset < range.end - 1 && (isList || firstRow < rows)) {
    const { header, length } = await headerAt(file, offset, range.end);
    const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
    if (packed < 0 || offset + length + packed > range.end)
      throw new TableError(`a page at byte ${offset} says that it has ${packed} bytes, more than its column`);
    if (unpacked < 0 || unpacked > largestPage)
      throw new TableError(`a page at byte ${offset} says that it unpacks to ${unpacked} bytes`);
    const data = header.data_page_header ?? header.data_page_header_v2;
    const values = data?.num_values ?? header.dictionary_page_header?.num_values ?? 0;
    // A row of a list may have many values, none of which is smaller than a bit.
    if (values < 0 || values > (isList ? unpacked * 8 : rows))
      throw new TableError(`a page at byte ${offset} says that it has ${values} values`);
    if (data) {
      pages.push({ offset, bytes: length + packed, firstRow, rows: values });
      firstRow += values;
    }
    offset += length + packed;
  }
  if (!isList && firstRow !== rows) throw new TableError(`its pages have ${firstRow} of ${rows} rows`);
  return isList ? undefined : pages;
}

async function headerAt(file: AsyncBuffer, offset: number, end: number) {
  for (let size = headerBytes.first; ; size *= 16) {
    const stop = Math.min(end, offset + size);
    const reader = { view: new DataView(await file.slice(offset, stop)), offset: 0 };
    try {
      const header = parquetHeader(reader);
      return { header, length: reader.offset };
    } catch {
      if (stop === end || size >= headerBytes.most)
        throw new TableError(`the header of a page at byte ${offset} cannot be read`);
    }
  }
}
