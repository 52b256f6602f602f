import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openZip } from "./zip";

const text = (words: string) => new TextEncoder().encode(words);
const archive = () => zipSync({ "model/a.txt": text("one"), "model/b": { "c.txt": text("two") }, empty: {} });

/** Where the directory of an archive says how large its first entry is unpacked. */
function sizePlace(bytes: Uint8Array): number {
  const at = bytes.findIndex(
    (_, i) => bytes[i] === 0x50 && bytes[i + 1] === 0x4b && bytes[i + 2] === 1 && bytes[i + 3] === 2,
  );
  return at + 24;
}

describe("an archive", () => {
  it("gives its files, unpacked when they are read", () => {
    const entries = openZip(archive());
    expect(entries.map(({ path, size }) => [path, size])).toEqual([
      ["model/a.txt", 3],
      ["model/b/c.txt", 3],
    ]);
    expect(entries.map((entry) => new TextDecoder().decode(entry.read()))).toEqual(["one", "two"]);
  });
  it("that unpacks to more than the limit is refused before anything is unpacked", () => {
    const two = zipSync({ a: new Uint8Array(100), b: new Uint8Array(100) });
    const view = new DataView(two.buffer);
    const first = sizePlace(two);
    view.setUint32(first, 2 ** 32 - 2, true);
    view.setUint32(first + 47, 2 ** 32 - 2, true);
    expect(() => openZip(two)).toThrow("The archive unpacks to more than 4 GiB, which is the limit.");
  });
  it("whose entry swells beyond the size that it says is cut off there", () => {
    const bytes = zipSync({ bomb: new Uint8Array(10_000_000) });
    new DataView(bytes.buffer).setUint32(sizePlace(bytes), 10, true);
    expect(openZip(bytes)[0]?.read()).toEqual(new Uint8Array(10));
  });
  it("that is cut off or damaged is refused with a sentence", () => {
    const bytes = archive();
    for (let length = 0; length < bytes.length; length++) {
      try {
        for (const entry of openZip(bytes.subarray(0, length))) entry.read();
      } catch (error) {
        expect((error as Error).name + (error as Error).constructor.name).toBe("ErrorZipError");
      }
    }
  });
});
