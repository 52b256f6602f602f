import { Readable } from "node:stream";
import { bundleEnding } from "#server/bundles/manifest";
import type { Bundle } from "#server/bundles/pack";
import { attachment } from "./attachment";

/** A bundle that is kept under a name; its bytes come while it is read. */
export function bundleAnswer(bundle: Bundle, name: string): Response {
  return new Response(Readable.toWeb(Readable.from(bundle.stream())) as ReadableStream, {
    headers: {
      "Content-Type": "application/zip",
      "Cache-Control": "private, no-store",
      ...attachment(`${name}${bundleEnding}`),
    },
  });
}
