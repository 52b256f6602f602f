/** Bundles that try to write elsewhere, to fill the machine, or to pass for something else. */
import { zipSync, type Zippable } from "fflate";
import type { Case } from "./case";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const zeros = (megabytes: number): Uint8Array => new Uint8Array(megabytes * 2 ** 20);
const manifest = (content: unknown): Zippable => ({ "manifest.json": text(JSON.stringify(content)) });

const slips = [
  "../../evil",
  "/etc/evil",
  "..\\..\\evil",
  "C:\\evil",
  "a/../../evil",
  "blobs/../../../evil",
  "evil\u0000.json",
  "CON",
  `${"a/".repeat(200)}evil`,
  "n".repeat(5000),
];

export function bundlesOf(): Case[] {
  const archives: Record<string, Uint8Array> = {
    "an empty archive": zipSync({}),
    "an empty manifest": zipSync(manifest({})),
    "a manifest of another kind": zipSync(manifest([1, 2, 3])),
    "a manifest that is no JSON": zipSync({ "manifest.json": text("{") }),
    "zeros without end": zipSync({ ...manifest({}), "blobs/zeros": [zeros(64), { level: 9 }] }),
    "a manifest without end": zipSync({ "manifest.json": [zeros(64), { level: 9 }] }),
    "an archive in an archive": zipSync({
      ...manifest({}),
      "inner.zip": zipSync({ zeros: [zeros(16), { level: 9 }] }),
    }),
    "many entries": zipSync(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`e${i}`, text("x")]))),
    "an archive that is cut off": zipSync(manifest({ graph: {} })).subarray(0, 40),
    "no archive": text("PK\u0003\u0004 nothing"),
    "a picture": text("\u0089PNG\r\n"),
    "a link": zipSync({ ...manifest({}), link: [text("/etc/passwd"), { attrs: 0o120777 << 16, os: 3 }] }),
  };
  for (const name of slips)
    archives[`an entry ${name.slice(0, 20)}`] = zipSync({ ...manifest({}), [name]: text("evil") });
  return Object.entries(archives).map(([name, body]) => ({
    name,
    method: "POST",
    path: "/api/bundles",
    headers: { "content-type": "application/zip" },
    body,
    expected: [400, 413, 415, 422],
  }));
}
