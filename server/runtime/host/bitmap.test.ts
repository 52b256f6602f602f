import { describe, expect, it } from "vitest";
import { decodeWhole, inspect } from "./pictures";
import { decode } from "./render";

interface Written {
  bits: number;
  /** Of two rows of three pixels, those of the file's first row first. */
  rows: readonly [readonly number[], readonly number[]];
  /** Below zero where the first row of the file is the upper one. */
  height?: number;
  /** Blue, green, red, and one more. */
  palette?: readonly number[];
  masks?: readonly number[];
  compression?: number;
}

/** A bitmap of 3 × 2 pixels. */
function bitmap({ bits, rows, height = 2, palette = [], masks = [], compression = 0 }: Written): Uint8Array {
  const stride = Math.ceil((bits * 3) / 32) * 4;
  const first = 54 + 4 * masks.length + palette.length;
  const bytes = new Uint8Array(first + 2 * stride);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  for (const [place, value] of [
    [10, first],
    [14, 40],
    [18, 3],
    [22, height],
    [30, compression],
  ] as const)
    view.setInt32(place, value, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, bits, true);
  view.setUint32(46, palette.length / 4, true);
  for (const [i, mask] of masks.entries()) view.setUint32(54 + 4 * i, mask, true);
  bytes.set(palette, 54 + 4 * masks.length);
  for (const [y, row] of rows.entries()) bytes.set(row, first + y * stride);
  return bytes;
}

async function pixelsOf(bytes: Uint8Array): Promise<number[]> {
  const seen = await inspect(bytes);
  expect([seen.width, seen.height, seen.bytes]).toEqual([3, 2, bytes]);
  return [...(await decode(seen.bytes, { sizeOf: (size) => size }, seen)).data];
}

const upper = [255, 0, 0, 0, 255, 0, 0, 0, 255];
const lower = [255, 255, 255, 0, 0, 0, 255, 0, 0];
const palette = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0];

describe("a Windows bitmap", () => {
  const inBytes = (pixels: readonly number[], size: 3 | 4) =>
    [0, 3, 6].flatMap((i) => [...pixels.slice(i, i + 3).reverse(), ...(size === 4 ? [7] : [])]);
  const inWords = (words: readonly number[]) => words.flatMap((word) => [word & 255, word >> 8]);
  const files: [string, Written][] = [
    ["24 bits", { bits: 24, rows: [inBytes(lower, 3), inBytes(upper, 3)] }],
    ["its upper row first", { bits: 24, height: -2, rows: [inBytes(upper, 3), inBytes(lower, 3)] }],
    ["32 bits", { bits: 32, rows: [inBytes(lower, 4), inBytes(upper, 4)] }],
    [
      "a palette",
      {
        bits: 8,
        palette,
        rows: [
          [3, 4, 0],
          [0, 1, 2],
        ],
      },
    ],
    [
      "a palette and 4 bits",
      {
        bits: 4,
        palette,
        rows: [
          [0x34, 0x00],
          [0x01, 0x20],
        ],
      },
    ],
    ["16 bits", { bits: 16, rows: [inWords([0x7fff, 0, 0x7c00]), inWords([0x7c00, 0x3e0, 0x1f])] }],
    [
      "masks of 5, 6 and 5 bits",
      {
        bits: 16,
        compression: 3,
        masks: [0xf800, 0x7e0, 0x1f],
        rows: [inWords([0xffff, 0, 0xf800]), inWords([0xf800, 0x7e0, 0x1f])],
      },
    ],
  ];
  it.each(files)("of %s gives its pixels, and is kept as it is", async (_, written) => {
    expect(await pixelsOf(bitmap(written))).toEqual([...upper, ...lower]);
  });
  it("that is cut off is found to be", async () => {
    const whole = bitmap({ bits: 24, rows: [inBytes(lower, 3), inBytes(upper, 3)] });
    for (const length of [1, 17, 20, 54, 60, whole.length - 4])
      await expect(inspect(whole.subarray(0, length)).then(({ bytes }) => decodeWhole(bytes))).rejects.toThrow();
    await decodeWhole(whole);
  });
  it("of run lengths is refused", async () => {
    const refused = bitmap({ bits: 8, compression: 1, palette, rows: [[0], [0]] });
    await expect(inspect(refused, "a.bmp")).rejects.toThrow("The picture a.bmp is refused: it is a compressed bitmap.");
  });
});
