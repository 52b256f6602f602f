/** LZ4 frames (lz4_Frame_format.md), whose blocks may refer to those before them. */

const magic = 0x184d2204;

/** Unpacks a frame to exactly so many bytes. Throws an Error where it is damaged or is of another length. */
export function unpackLz4Frame(packed: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (view.getUint32(0, true) !== magic) throw new Error("it is no LZ4 frame");
  const flags = view.getUint8(4);
  const hasBlockSums = (flags & 0x10) !== 0;
  let from = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  const output = new Uint8Array(length);
  let filled = 0;
  for (;;) {
    const size = view.getUint32(from, true);
    from += 4;
    if (size === 0) break;
    const bytes = packed.subarray(from, from + (size & 0x7fffffff));
    if (size & 0x80000000) {
      output.set(bytes, filled);
      filled += bytes.length;
    } else filled = unpackBlock(bytes, output, filled);
    from += bytes.length + (hasBlockSums ? 4 : 0);
  }
  if (filled !== length) throw new Error(`it unpacks to ${filled} of ${length} bytes`);
  return output;
}

/** Appends a block to the output; gives where the output ends then. */
function unpackBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  let from = 0;
  let to = start;
  const lengthFrom = (nibble: number): number => {
    let total = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; total += byte) byte = block[from++] ?? 0;
    return total;
  };
  while (from < block.length) {
    const token = block[from++] as number;
    const literals = lengthFrom(token >> 4);
    if (from + literals > block.length || to + literals > output.length) throw new Error("an LZ4 block is damaged");
    output.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from >= block.length) break; // the last part has no match
    const distance = (block[from] as number) | ((block[from + 1] ?? 0) << 8);
    from += 2;
    const length = lengthFrom(token & 15) + 4;
    if (distance === 0 || distance > to || to + length > output.length) throw new Error("an LZ4 block is damaged");
    for (let i = 0; i < length; i++) output[to + i] = output[to + i - distance] as number;
    to += length;
  }
  return to;
}
