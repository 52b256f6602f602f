/** Windows bitmaps (BMP), which sharp does not read: Microsoft, BITMAPINFOHEADER and its kin. */
import sharp, { type Sharp, type SharpOptions } from "sharp";
import { looksLikeBitmap } from "../../files/picture-kinds";

interface Bitmap {
  width: number;
  height: number;
  /** Of a pixel. */
  bits: number;
  /** Where the rows begin, and how many bytes each takes. */
  first: number;
  stride: number;
  /** Rows lie from the top on, and not from the bottom as in most files. */
  isTopDown: boolean;
  /** Bytes blue, green, red and one more each; empty where pixels hold their colours themselves. */
  palette: Uint8Array[];
  /** The bits of red, green, blue and, if any, opacity. */
  masks: number[];
}

/** How a file's pixels are written; those of run lengths, JPEG or PNG in a bitmap are not read. */
const compressions = { none: 0, masks: 3, masksWithOpacity: 6 } as const;

/** The size of a bitmap. Throws a sentence's end, such as "it has no size", where it cannot be read. */
export const sizeOfBitmap = (bytes: Uint8Array): { width: number; height: number } => headerOf(bytes);

/** A checked picture of any kind that is read, opened by sharp. */
export function openPicture(bytes: Uint8Array, options: SharpOptions): Sharp {
  if (!looksLikeBitmap(bytes)) return sharp(bytes, options);
  const { width, height, channels, data } = pixelsOf(bytes);
  return sharp(data, { ...options, raw: { width, height, channels } });
}

function headerOf(bytes: Uint8Array): Bitmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getUint32(14, true);
  if (bytes.length < 14 + headerLength) throw new Error("it is cut off in its header");
  const isOld = headerLength === 12;
  const width = isOld ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isOld ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const compression = isOld ? compressions.none : view.getUint32(30, true);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`it has ${bits} bits a pixel`);
  if (!(Object.values(compressions) as number[]).includes(compression)) throw new Error("it is a compressed bitmap");
  if (width <= 0 || signedHeight === 0) throw new Error("it has no size");
  const masks = masksOf(view, headerLength, bits, compression);
  const masksBehind = headerLength === 40 && compression !== compressions.none ? 4 * masks.length : 0;
  const colours = isOld ? 0 : view.getUint32(46, true);
  return {
    width,
    height: Math.abs(signedHeight),
    bits,
    first: view.getUint32(10, true),
    stride: Math.ceil((bits * width) / 32) * 4,
    isTopDown: signedHeight < 0,
    palette: bits > 8 ? [] : paletteOf(bytes, 14 + headerLength + masksBehind, colours || 2 ** bits, isOld ? 3 : 4),
    masks,
  };
}

function masksOf(view: DataView, headerLength: number, bits: number, compression: number): number[] {
  const plain = bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
  if (compression === compressions.none) return plain;
  const hasOpacity = headerLength >= 56 || compression === compressions.masksWithOpacity;
  const places = hasOpacity ? [54, 58, 62, 66] : [54, 58, 62];
  if (view.byteLength < 54 + 4 * places.length) throw new Error("it is cut off in its header");
  return places.map((place) => view.getUint32(place, true)).filter((mask, i) => i < 3 || mask !== 0);
}

function paletteOf(bytes: Uint8Array, start: number, count: number, size: number): Uint8Array[] {
  return Array.from({ length: Math.min(count, 256) }, (_, i) =>
    bytes.subarray(start + i * size, start + (i + 1) * size),
  );
}

interface Pixels {
  width: number;
  height: number;
  channels: 3 | 4;
  data: Uint8Array;
}

/** uint8 [H, W, 3], or 4 with opacity, from the top on. Throws where rows are missing. */
function pixelsOf(bytes: Uint8Array): Pixels {
  const bitmap = headerOf(bytes);
  const { width, height, first, stride, isTopDown, masks } = bitmap;
  if (bytes.length < first + stride * (height - 1) + Math.ceil((bitmap.bits * width) / 8))
    throw new Error(`its ${height} rows of ${stride} bytes are not all there`);
  const channels = masks.length === 4 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const writeRow = bitmap.palette.length ? fromPalette(bitmap) : fromMasks(bitmap);
  for (let y = 0; y < height; y++) {
    const start = first + stride * (isTopDown ? y : height - 1 - y);
    writeRow(bytes.subarray(start, start + stride), data.subarray(y * width * channels, (y + 1) * width * channels));
  }
  return { width, height, channels, data };
}

type WriteRow = (row: Uint8Array, out: Uint8Array) => void;

/** A colour that the palette lacks is black. */
function fromPalette({ bits, width, palette }: Bitmap): WriteRow {
  const mask = 2 ** bits - 1;
  return (row, out) => {
    for (let x = 0; x < width; x++) {
      const place = x * bits;
      const index = ((row[place >> 3] as number) >> (8 - bits - (place & 7))) & mask;
      const [blue = 0, green = 0, red = 0] = palette[index] ?? [];
      out.set([red, green, blue], x * 3);
    }
  };
}

function fromMasks({ bits, width, masks }: Bitmap): WriteRow {
  const size = bits / 8;
  const channels = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { shift, most: mask >>> shift };
  });
  return (row, out) => {
    for (let x = 0; x < width; x++) {
      let pixel = 0;
      for (let k = size - 1; k >= 0; k--) pixel = pixel * 256 + (row[x * size + k] as number);
      for (const [i, { shift, most }] of channels.entries()) {
        const value = (pixel >>> shift) & most;
        out[x * channels.length + i] = most ? Math.round((value * 255) / most) : 0;
      }
    }
  };
}
