import { describe, expect, it } from "vitest";
import { random } from "../random";
import { countNonFinite } from "./element-types";
import { fromHalf, toHalf } from "./half";
import {
  openSafetensors,
  readSafetensors,
  readSafetensorsHeader,
  type StoredTensor,
  toFloat32,
  unreadable,
  writeSafetensors,
} from "./safetensors";

const file = (header: unknown, body = 0): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + body);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
};

/** A file of one tensor of each type, of two elements or of what makes whole bytes. */
const everyType: Record<string, { shape: number[]; bytes: number }> = {
  BOOL: { shape: [2], bytes: 2 },
  F4: { shape: [4], bytes: 2 },
  F6_E2M3: { shape: [4], bytes: 3 },
  F6_E3M2: { shape: [4], bytes: 3 },
  U8: { shape: [2], bytes: 2 },
  I8: { shape: [2], bytes: 2 },
  F8_E5M2: { shape: [2], bytes: 2 },
  F8_E4M3: { shape: [2], bytes: 2 },
  F8_E8M0: { shape: [2], bytes: 2 },
  F8_E4M3FNUZ: { shape: [2], bytes: 2 },
  F8_E5M2FNUZ: { shape: [2], bytes: 2 },
  I16: { shape: [2], bytes: 4 },
  U16: { shape: [2], bytes: 4 },
  F16: { shape: [2], bytes: 4 },
  BF16: { shape: [2], bytes: 4 },
  I32: { shape: [2], bytes: 8 },
  U32: { shape: [2], bytes: 8 },
  F32: { shape: [2], bytes: 8 },
  C64: { shape: [2], bytes: 16 },
  F64: { shape: [2], bytes: 16 },
  I64: { shape: [2], bytes: 16 },
  U64: { shape: [2], bytes: 16 },
  SOME_NEWER_TYPE: { shape: [2], bytes: 5 },
};

describe("element types", () => {
  it("are all carried, bit by bit, whatever the tensors are called", () => {
    const names = ["", "__proto__", "constructor", "toString", "10", "2", "a.b", "\ud800", "ß"];
    const list = Object.entries(everyType).map(([dtype, { shape, bytes }], i) => ({
      name: names[i] ?? dtype,
      dtype,
      shape,
      data: Uint8Array.from({ length: bytes }, (_, k) => (i * 37 + k * 91 + 255) % 256),
    }));
    const written = writeSafetensors(list, { metadata: { format: "pt", __proto__: "x" } });
    const { tensors } = readSafetensors(written);
    expect([...tensors].map(([name, tensor]) => ({ name, ...tensor }))).toEqual(list);
    expect(writeSafetensors([...tensors].map(([name, tensor]) => ({ name, ...tensor })))).toEqual(
      writeSafetensors(list),
    );
  });
  // Numbers of ml_dtypes 0.6: those of the bytes 01, 38, 7e, 7f, 7c, 80, 81, c1 and ff, and the sum of all sizes.
  const bytes = [0x01, 0x38, 0x7e, 0x7f, 0x7c, 0x80, 0x81, 0xc1, 0xff];
  it.each([
    ["F8_E4M3", [[0.001953125, 1, 448, Number.NaN, 384, -0, -0.001953125, -2.25, Number.NaN], 10815.75]],
    [
      "F8_E5M2",
      [
        [
          1.52587890625e-5,
          0.5,
          Number.NaN,
          Number.NaN,
          Number.POSITIVE_INFINITY,
          -0,
          -1.52587890625e-5,
          -2.5,
          Number.NaN,
        ],
        720895.9995117188,
      ],
    ],
    ["F8_E4M3FNUZ", [[0.0009765625, 0.5, 224, 240, 192, Number.NaN, -0.0009765625, -1.125, -240], 5887.875]],
    [
      "F8_E5M2FNUZ",
      [[7.62939453125e-6, 0.25, 49152, 57344, 32768, Number.NaN, -7.62939453125e-6, -1.25, -57344], 720895.9997558594],
    ],
  ] as const)("read %s as others do", (dtype, [expected, sum]) => {
    const all = toFloat32({ dtype, data: Uint8Array.from({ length: 256 }, (_, byte) => byte) });
    expect(bytes.map((byte) => all[byte])).toEqual(expected);
    const sizes = [...all].filter(Number.isFinite).map(Math.abs);
    expect(sizes.reduce((total, size) => total + size, 0)).toBe(sum);
  });
  it.each([
    ["F64", new Uint8Array(Float64Array.of(1, Number.NaN, 3, Number.NEGATIVE_INFINITY).buffer)],
    ["F32", new Uint8Array(Float32Array.of(1, Number.NaN, 3, Number.POSITIVE_INFINITY).buffer)],
    ["F16", new Uint8Array(Uint16Array.of(0x3c00, 0x7e00, 0x7bff, 0xfc00).buffer)],
    ["BF16", new Uint8Array(Uint16Array.of(0x3f80, 0x7fc0, 0x7f7f, 0xff80).buffer)],
    ["F8_E4M3", Uint8Array.of(0x38, 0x7f, 0x7e, 0xff)],
    ["F8_E5M2", Uint8Array.of(0x3c, 0x7f, 0x7b, 0xfc)],
  ])("of %s tell how many numbers are not finite", (dtype, data) => {
    expect(countNonFinite(dtype, data)).toBe(2);
    expect([...toFloat32({ dtype, data })].filter((x) => !Number.isFinite(x))).toHaveLength(2);
  });
  it("that hold no floating-point numbers are told by the tensor's name when they are needed", () => {
    expect(() => toFloat32({ dtype: "I64", data: new Uint8Array(8) }, "ids")).toThrow(
      'The tensor "ids" of the checkpoint is of the element type I64',
    );
  });
});

describe("safetensors", () => {
  it("takes null for no metadata, and tensors without elements", () => {
    const bytes = file({ __metadata__: null, x: { dtype: "F32", shape: [0, 3], data_offsets: [0, 0] } });
    const { tensors, metadata } = readSafetensors(bytes);
    expect([metadata, tensors.get("x")?.data.length]).toEqual([{}, 0]);
  });
  it("takes a header of many megabytes, and reads no more of the file than that", async () => {
    const entries = Array.from({ length: 200_000 }, (_, i) => [
      `layers.${i}.${"weight".repeat(8)}`,
      { dtype: "F32", shape: [1], data_offsets: [4 * i, 4 * i + 4] },
    ]);
    const bytes = file(Object.fromEntries(entries), 800_000);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length).toBeGreaterThan(16 * 2 ** 20);
    let read = 0;
    const { tensors } = await openSafetensors({
      size: bytes.length,
      read: async (start, end) => {
        read += end - start;
        return bytes.slice(start, end);
      },
    });
    expect([tensors.size, read]).toEqual([200_000, length + 16]);
  });
  it("says that a file is cut off, and blames no file that is whole", () => {
    const whole = file({ x: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, 8);
    for (const length of [3, 20, whole.length - 1]) {
      const hint = { hint: expect.stringContaining("cut off") };
      expect(() => readSafetensorsHeader(whole.slice(0, length))).toThrow(expect.objectContaining(hint));
    }
    expect(unreadable("I64", "x").hint).not.toContain("damaged");
  });
  it("reads back what it wrote, whatever the name", () => {
    const data = Float32Array.from([1, -2.5, 3, 4, 5, 6]);
    const bytes = writeSafetensors(
      [
        { name: "a.weight", shape: [2, 3], data },
        { name: "ß", shape: [], data: data.subarray(1, 2) },
      ],
      { metadata: { made: "here" } },
    );
    const { tensors, metadata } = readSafetensors(bytes);
    expect(metadata).toEqual({ made: "here" });
    expect([...tensors.keys()]).toEqual(["a.weight", "ß"]);
    expect(tensors.get("a.weight")?.shape).toEqual([2, 3]);
    expect([...toFloat32(tensors.get("a.weight") as StoredTensor)]).toEqual([...data]);
  });
  it("rounds to half precision and back", () => {
    const draw = random("half");
    const data = Float32Array.from({ length: 1000 }, () => draw.normal());
    const back = toFloat32(
      readSafetensors(writeSafetensors([{ name: "x", shape: [1000], data }], { dtype: "F16" })).tensors.get(
        "x",
      ) as StoredTensor,
    );
    for (const [i, x] of data.entries())
      expect(Math.abs((back[i] as number) - x)).toBeLessThanOrEqual(Math.abs(x) / 2048 + 2 ** -25);
    for (let h = 0; h < 0x7c00; h++) expect(toHalf(fromHalf(h))).toBe(h);
    expect([toHalf(65520), toHalf(-1e9), fromHalf(0xfc00)]).toEqual([0x7c00, 0xfc00, Number.NEGATIVE_INFINITY]);
  });
  it("reads bfloat16", () => {
    const bytes = file({ x: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } }, 4);
    bytes.set([0x80, 0x3f, 0x20, 0xc0], bytes.length - 4);
    expect([...toFloat32(readSafetensors(bytes).tensors.get("x") as StoredTensor)]).toEqual([1, -2.5]);
  });
  it("reads tensors at any offset, as a Buffer too", () => {
    const half = { dtype: "F16", shape: [1], data_offsets: [0, 2] };
    const full = { dtype: "F32", shape: [1], data_offsets: [2, 6] };
    for (const padding of ["", " ", "  "]) {
      const bytes = file(`${JSON.stringify({ h: half, f: full })}${padding}`, 6);
      bytes.set([0x00, 0x3c, 0, 0, 0x80, 0x3f], bytes.length - 6);
      for (const given of [bytes, Buffer.from(bytes)])
        expect([...readSafetensors(given).tensors.values()].flatMap((t) => [...toFloat32(t)])).toEqual([1, 1]);
    }
  });
  it.each([
    ["an empty file", new Uint8Array(3), /has 3 bytes/],
    ["a header larger than the file", file({}).slice(0, 9), /the file ends after 9/],
    ["a header of exabytes", Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 127]), /is the limit/],
    ["no JSON", file("{nonsense"), /no JSON/],
    ["a list", file([]), /does not describe tensors/],
    ["a negative offset", file({ x: { dtype: "F32", shape: [1], data_offsets: [-4, 0] } }, 4), /does not describe/],
    ["a tensor past the end", file({ x: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, 4), /cut off/],
    ["a size that lies", file({ x: { dtype: "F32", shape: [3], data_offsets: [0, 8] } }, 8), /needs 12/],
    [
      "an overlap",
      file(
        {
          x: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
          y: { dtype: "F32", shape: [1], data_offsets: [2, 6] },
        },
        8,
      ),
      /overlaps/,
    ],
    [
      "bytes that belong to no tensor",
      file({ x: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }, 8),
      /4 bytes before "x"/,
    ],
    [
      "bytes after the last tensor",
      file({ x: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }, 5),
      /tensors end at byte \d+, and the file after/,
    ],
    [
      "half a byte",
      file({ x: { dtype: "F4", shape: [3], data_offsets: [0, 2] } }, 2),
      /"x" is F4\[3\], which is no whole number of bytes/,
    ],
    [
      "an overlap, with both names and places",
      file(
        {
          x: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
          y: { dtype: "F16", shape: [1], data_offsets: [2, 4] },
        },
        4,
      ),
      /"y" overlaps another tensor: it begins at byte \d+, and "x" ends at \d+/,
    ],
    [
      "an end before the beginning",
      file({ x: { dtype: "NEW", shape: [1], data_offsets: [4, 0] } }, 4),
      /begins at byte 4/,
    ],
    ["sizes beyond all numbers", file('{"x":{"dtype":"U8","shape":[1e300],"data_offsets":[0,1]}}', 1), /whole numbers/],
    ["an entry that is no object", file({ x: 1 }), /the entry "x" does not describe a tensor/],
    ["metadata that is no text", file({ __metadata__: { a: 1 } }), /__metadata__ does not hold texts/],
    [
      "a name twice",
      file(
        '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0078":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}',
        1,
      ),
      /names "x" twice/,
    ],
    [
      "a dtype twice",
      file('{"x":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
      /names "dtype" twice/,
    ],
    ["a header of brackets", file("[".repeat(1_000_000)), /nested deeper than 64 levels/],
    ["text that is not UTF-8", file("{}").fill(0xff, 8), /not UTF-8/],
    [
      "a zip archive",
      new TextEncoder().encode("PK\u0003\u0004 and more of it"),
      /zip archive, such as torch\.save writes/,
    ],
    [
      "a pointer of Git LFS",
      new TextEncoder().encode("version https://git-lfs.github.com/spec/v1"),
      /pointer of Git LFS/,
    ],
    [
      "an index",
      new TextEncoder().encode('{"metadata": {"total_size": 12}}'),
      /index of a checkpoint in several files/,
    ],
  ])("refuses %s with the reason", (_, bytes, reason) => expect(() => readSafetensorsHeader(bytes)).toThrow(reason));
});
