import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "#tests/kit/run-node";
import { type Blobs, BlobMissing, BlobTooLarge, openBlobs, sha256 } from "./blobs";

let dir: string;
let blobs: Blobs;
beforeEach(async () => {
  dir = await temporaryFolder();
  blobs = openBlobs(dir);
});
const bytes = new TextEncoder().encode("a patch");

test("equal bytes have one name, which is their hash", async () => {
  expect(await blobs.put(bytes)).toBe(sha256(bytes));
  expect(await blobs.put(bytes, { durable: false })).toBe(sha256(bytes));
  expect(Buffer.from(await blobs.get(sha256(bytes))).toString()).toBe("a patch");
});
test("a stream beyond the limit leaves nothing behind", async () => {
  await expect(blobs.putStream(Readable.from([Buffer.alloc(600), Buffer.alloc(600)]), 1000)).rejects.toThrow(
    BlobTooLarge,
  );
  expect(await readdir(join(dir, "tmp"))).toEqual([]);
});
test("a stream within the limit is stored under its hash", async () => {
  expect(await blobs.putStream(Readable.from([Buffer.from(bytes)]), 1000)).toEqual({
    ref: sha256(bytes),
    bytes: bytes.length,
  });
});
test("a reference is checked, so no path can escape", () => {
  expect(() => blobs.path("../../etc/passwd")).toThrow(/no blob reference/);
});
test("a missing blob says so", async () => {
  await expect(blobs.get("0".repeat(64))).rejects.toThrow(BlobMissing);
});
test("a range is read without the rest of the file, up to where it ends", async () => {
  const ref = await blobs.put(bytes);
  expect(Buffer.from(await blobs.read(ref, 2, 7)).toString()).toBe("patch");
  expect(Buffer.from(await blobs.read(ref, 2, 99)).toString()).toBe("patch");
});
