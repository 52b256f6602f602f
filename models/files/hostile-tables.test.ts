/** Files that say more than they hold: refused by name, before anything of that size is made. */
import { parquetMetadata } from "hyparquet";
import { ByteWriter, parquetWriteBuffer } from "hyparquet-writer";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { describe, expect, it } from "vitest";
import { tarEntry } from "#tests/kit/tar";
import { openArrow } from "./arrow";
import { openJsonLines } from "./lines";
import { openParquet } from "./parquet";
import { pagesOf } from "./parquet-pages";
import { BadValue, type ByteSource, type KeepIndex } from "./table-file";
import { openTar } from "./tar";

const keepNone: KeepIndex = (_, make) => make();

/** Bytes as a file, which counts how many are asked for at most at a time. */
function sourceOf(bytes: Uint8Array): ByteSource & { most: number } {
  const source = {
    size: bytes.length,
    most: 0,
    read: async (start: number, end: number) => {
      source.most = Math.max(source.most, end - start);
      return new Uint8Array(bytes.slice(start, end));
    },
  };
  return source;
}

const small = () =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "id", data: Array.from({ length: 1000 }, (_, i) => i), type: "INT32" },
        { name: "text", data: Array.from({ length: 1000 }, (_, i) => `text ${i}`), type: "STRING" },
      ],
    }),
  );

type Metadata = ReturnType<typeof parquetMetadata>;

/** The file with another footer. */
function withFooter(change: (metadata: Metadata) => void): Uint8Array {
  const bytes = small();
  const metadata = parquetMetadata(bytes);
  change(metadata);
  const writer = new ByteWriter();
  writeMetadata(writer, metadata as never); // the writer has types of its own reader
  const body = bytes.subarray(0, bytes.length - metadata.metadata_length - 8);
  return Buffer.concat([body, new Uint8Array(writer.getBuffer()), Buffer.from("PAR1")]);
}

describe("Parquet", () => {
  const huge = 100_000_000_000n;
  const chunkOf = (metadata: Metadata) => metadata.row_groups[0]?.columns[1]?.meta_data ?? ({} as never);

  it("is read when it tells the truth", async () => {
    const table = await openParquet(sourceOf(withFooter(() => {})));
    expect((await table.read(["text"], 998, 1000))[0]).toEqual(["text 998", "text 999"]);
  });
  it.each<[string, (metadata: Metadata) => void, string]>([
    ["more rows than its groups", (m) => Object.assign(m, { num_rows: huge }), "its groups have 1000"],
    [
      "a group of 100 billion rows",
      (m) => {
        m.num_rows = huge;
        Object.assign(m.row_groups[0] ?? {}, { num_rows: huge });
      },
      "row group 1 says that it has 100000000000 rows",
    ],
    ["a chunk of 100 GB", (m) => Object.assign(chunkOf(m), { total_compressed_size: huge }), "“text” in row group 1"],
    [
      "a chunk behind its end",
      (m) => Object.assign(chunkOf(m), { data_page_offset: huge }),
      "says that it lies at bytes",
    ],
    [
      "a chunk before its start",
      (m) => Object.assign(chunkOf(m), { data_page_offset: -5n }),
      "says that it lies at bytes",
    ],
  ])("is refused when its footer claims %s", async (_, change, reason) => {
    await expect(openParquet(sourceOf(withFooter(change)))).rejects.toThrow(reason);
  });
  it("is refused when its footer claims to be longer than the file", async () => {
    const bytes = small();
    new DataView(bytes.buffer).setUint32(bytes.length - 8, 0xfffffff0, true);
    await expect(openParquet(sourceOf(bytes))).rejects.toThrow("Its footer says that it has 4294967280 bytes");
  });
  it("is refused when a group has other rows than its pages", async () => {
    const bytes = withFooter((metadata) => {
      metadata.num_rows = 1001n;
      Object.assign(metadata.row_groups[0] ?? {}, { num_rows: 1001n });
    });
    const table = await openParquet(sourceOf(bytes));
    await expect(table.read(["text"], 0, 10)).rejects.toThrow(
      "“text” cannot be read in rows 1 to 10: its pages have 1000",
    );
  });

  /** The header of a page in Thrift's compact protocol: type 0, sizes, and how many values it has. */
  function pageHeader(unpacked: number, packed: number, values: number): number[] {
    const number = (value: number) => {
      const digits: number[] = [];
      let left = BigInt(value) * 2n;
      for (; left >= 128n; left >>= 7n) digits.push(Number(left & 127n) | 128);
      return [...digits, Number(left)];
    };
    return [
      0x15,
      0,
      0x15,
      ...number(unpacked),
      0x15,
      ...number(packed),
      0x2c,
      0x15,
      ...number(values),
      0x15,
      0,
      0x15,
      6,
      0x15,
      6,
      0,
      0,
    ];
  }
  it.each([
    ["unpack to 2 GiB", pageHeader(2 ** 31 - 1, 10, 5), "says that it unpacks to 2147483647 bytes"],
    ["have 2 GiB", pageHeader(10, 2 ** 31 - 1, 5), "says that it has 2147483647 bytes, more than its column"],
    ["hold 2 billion values", pageHeader(10, 10, 2 ** 31 - 1), "says that it has 2147483647 values"],
    ["hold nothing, again and again", pageHeader(0, 0, 0), "its pages have 0 of 5 rows"],
  ])("has its pages refused that claim to %s", async (_, header, reason) => {
    const bytes = new Uint8Array([...header, ...Array.from({ length: 10 }, () => 0)]);
    const file = { byteLength: bytes.length, slice: (start: number, end?: number) => bytes.slice(start, end).buffer };
    await expect(pagesOf(file, { start: 0, end: bytes.length }, 5, false)).rejects.toThrow(reason);
  });
});

describe("tar", () => {
  const text = Buffer.from("hello");
  const good = tarEntry("a.txt", text);
  const binary = (digits: number[]) =>
    Uint8Array.from([...Array.from({ length: 12 - digits.length }, () => 0), ...digits]);
  const open = (...members: Uint8Array[]) => openTar(sourceOf(Buffer.concat(members)), keepNone);

  it.each<[string, Uint8Array | string, string]>([
    ["more than the file", "77777777777\0", "“b.txt” says that it has 8589934591 bytes"],
    ["less than nothing", binary([0]).fill(0xff), "its size is negative"],
    ["2⁸⁰ bytes", Uint8Array.from([0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "larger than any file"],
    ["a word", "size\0\0\0\0\0\0\0\0", "its size is “size”"],
  ])("keeps what lies before a member that claims %s", async (_, size, reason) => {
    const table = await open(good, tarEntry("b.txt", text, { size }));
    expect(table.damage).toContain(reason);
    expect((await table.read(["txt"], 0, 1))[0]).toEqual(["hello"]);
  });
  it("reads sizes in binary", async () => {
    const size = binary([5]);
    size[0] = 0x80;
    expect((await (await open(tarEntry("a.txt", text, { size }))).read(["txt"], 0, 1))[0]).toEqual(["hello"]);
  });
  it("follows no links, and takes paths for nothing but names", async () => {
    const table = await open(
      tarEntry("x.txt", Buffer.alloc(0), { type: "2", link: "/etc/passwd" }),
      tarEntry("y.txt", Buffer.alloc(0), { type: "1", link: "../../etc/passwd" }),
      tarEntry("../../etc/z.txt", text),
    );
    expect(await table.read(["key", "txt"], 0, table.rows)).toEqual([["../../etc/z"], ["hello"]]);
  });
  it("refuses long names that fill the memory", async () => {
    const size = `${(2 ** 30).toString(8).padStart(11, "0")}\0`;
    const source = sourceOf(Buffer.concat([good, tarEntry("././@LongLink", text, { type: "L", size })]));
    const table = await openTar({ ...source, size: 2 ** 32 }, keepNone);
    expect(table.damage).toContain("a name has 1073741824 bytes");
  });
});

describe("lines", () => {
  it("of gigabytes are told and not read", async () => {
    // A file of zeros but for its ends, as a sparse file is.
    const [first, last] = [Buffer.from('{"t":"one"}\n{"t":"'), Buffer.from('"}\n{"t":"three"}\n')];
    const size = first.length + 2 ** 31 + last.length;
    let most = 0;
    const zeros = new Uint8Array(2 ** 22);
    const source: ByteSource = {
      size,
      read: async (start, end) => {
        most = Math.max(most, end - start);
        const bytes = end - start <= zeros.length ? zeros.slice(0, end - start) : new Uint8Array(end - start);
        if (start < first.length) bytes.set(first.subarray(start, end));
        const fromLast = size - last.length;
        if (end > fromLast)
          bytes.set(last.subarray(Math.max(0, start - fromLast), end - fromLast), Math.max(0, fromLast - start));
        return bytes;
      },
    };
    const table = await openJsonLines(source, keepNone);
    const [values = []] = await table.read(["t"], 0, table.rows);
    expect(values).toEqual(["one", new BadValue("it has 2049 MiB, and 64 is the limit for a row", true), "three"]);
    expect(most).toBeLessThanOrEqual(zeros.length);
  });
});

describe("Arrow", () => {
  it.each([
    ["a message of 2 GB", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "says that it has 2147483647 bytes"],
    ["a message of less than nothing", [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x80], "says that it has -2147483648 bytes"],
    ["no table", [0xff, 0xff, 0xff, 0xff, 8, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0], "damaged"],
  ])("is refused when it claims %s", async (_, bytes, reason) => {
    await expect(openArrow(sourceOf(Uint8Array.from(bytes)))).rejects.toThrow(reason);
  });
});
