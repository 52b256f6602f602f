/** What the browser loads of a page before anything is asked for, read from the manifests of the build. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import vm from "node:vm";

interface ClientManifest {
  entryJSFiles?: Record<string, string[]>;
}

/** The scripts of a page, such as "/graphs/[id]/page", with their sizes in bytes as gzip sends them. */
export function scriptsOf(page: string): Map<string, number> {
  const { rootMainFiles } = JSON.parse(readFileSync(".next/build-manifest.json", "utf8")) as {
    rootMainFiles: string[];
  };
  const context = { __RSC_MANIFEST: {} as Record<string, ClientManifest> };
  const text = readFileSync(`.next/server/app${page}_client-reference-manifest.js`, "utf8");
  vm.runInNewContext(text, { globalThis: context });
  const entries = context.__RSC_MANIFEST[page]?.entryJSFiles ?? {};
  const files = new Set([...rootMainFiles, ...Object.values(entries).flat()]);
  return new Map([...files].map((file) => [file, gzipSync(readFileSync(`.next/${decodeURIComponent(file)}`)).length]));
}

export const totalOf = (sizes: ReadonlyMap<string, number>): number => [...sizes.values()].reduce((a, b) => a + b, 0);
