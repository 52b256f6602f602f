/** Members of tar files, with headers that may lie. */

export interface TarFields {
  /** As it stands in the header, where it is not the number of bytes. */
  size?: Uint8Array | string;
  type?: string;
  link?: string;
}

/** A member: its header, its bytes, and zeros up to a whole block. */
export function tarEntry(name: string, bytes: Uint8Array, fields: TarFields = {}): Uint8Array {
  const { size = `${bytes.length.toString(8).padStart(11, "0")}\0`, type = "0", link = "" } = fields;
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.set(typeof size === "string" ? Buffer.from(size) : size, 124);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write("ustar\x0000", 257);
  header.write(" ".repeat(8), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
