/** A small uncompressed TIFF of any sample type, which sharp itself does not write. */
const sampleTypes = {
  int16: { bytes: 2, format: 2, write: "setInt16" },
  uint32: { bytes: 4, format: 1, write: "setUint32" },
  int32: { bytes: 4, format: 2, write: "setInt32" },
  float32: { bytes: 4, format: 3, write: "setFloat32" },
} as const;

export interface TiffContent {
  kind: keyof typeof sampleTypes;
  /** Row by row, the channels of a pixel together. */
  values: readonly number[];
  width?: number;
  height?: number;
  channels?: 1 | 3;
  bigEndian?: boolean;
}

export function tiff({
  kind,
  values,
  width = 8,
  height = 8,
  channels = 1,
  bigEndian = false,
}: TiffContent): Uint8Array {
  const { bytes, format, write } = sampleTypes[kind];
  const little = !bigEndian;
  const tags: [tag: number, type: 3 | 4, values: number[]][] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, Array.from({ length: channels }, () => bytes * 8)],
    [259, 3, [1]],
    [262, 3, [channels === 3 ? 2 : 1]],
    [273, 4, [8]],
    [277, 3, [channels]],
    [278, 4, [height]],
    [279, 4, [values.length * bytes]],
    [339, 3, Array.from({ length: channels }, () => format)],
  ];
  const directory = 8 + values.length * bytes;
  const extra = directory + 2 + tags.length * 12 + 4;
  const view = new DataView(new ArrayBuffer(extra + 64));
  view.setUint16(0, bigEndian ? 0x4d4d : 0x4949);
  view.setUint16(2, 42, little);
  view.setUint32(4, directory, little);
  for (const [i, value] of values.entries()) view[write](8 + i * bytes, value, little);
  view.setUint16(directory, tags.length, little);
  let spare = extra;
  for (const [i, [tag, type, entries]] of tags.entries()) {
    const at = directory + 2 + i * 12;
    view.setUint16(at, tag, little);
    view.setUint16(at + 2, type, little);
    view.setUint32(at + 4, entries.length, little);
    const size = type === 3 ? 2 : 4;
    const place = entries.length * size > 4 ? spare : at + 8;
    if (place === spare) {
      view.setUint32(at + 8, spare, little);
      spare += entries.length * size;
    }
    for (const [j, entry] of entries.entries()) {
      if (type === 3) view.setUint16(place + j * 2, entry, little);
      else view.setUint32(place + j * 4, entry, little);
    }
  }
  return new Uint8Array(view.buffer);
}
