import { describe, expect, it } from "vitest";
import { openZip } from "./zip";
import { streamZip } from "./zip-writer";

describe("an archive that is written", () => {
  it("holds the files as they were, with checksums that hold", async () => {
    const files = [
      { path: "a/größe.txt", text: "one" },
      { path: "a/empty", text: "" },
    ].map(({ path, text }) => ({ path, bytes: new TextEncoder().encode(text) }));
    const parts: Uint8Array[] = [];
    const asked = files.map(({ path, bytes }) => ({ path, bytes: bytes.length, parts: () => [bytes] }));
    for await (const part of streamZip(asked)) parts.push(part);
    const archive = Buffer.concat(parts);
    expect(openZip(archive).map(({ path, read }) => [path, read()])).toEqual(
      files.map(({ path, bytes }) => [path, bytes]),
    );
    // CRC-32 of “one”, as zlib has it.
    expect(archive.readUInt32LE(archive.indexOf("one") + 3 + 4)).toBe(0x7a6c86f1);
  });
});
