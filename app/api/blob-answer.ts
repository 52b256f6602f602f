import { Readable } from "node:stream";
import { looksLikeBitmap } from "#server/files/picture-kinds";
import { blobs } from "#server/storage/open";
import { attachment } from "./attachment";

interface Sending {
  /** The name that it is saved under. */
  name: string | null;
  /** For how long it is kept by browsers. */
  cache: string;
}

/** A stored file as the answer to a request. */
export async function blobAnswer(ref: string, { name, cache }: Sending): Promise<Response> {
  const [bytes, head] = await Promise.all([blobs().size(ref), blobs().read(ref, 0, 64)]);
  return new Response(Readable.toWeb(blobs().stream(ref)) as ReadableStream, {
    headers: {
      "Content-Type": kindOf(head),
      "Content-Length": String(bytes),
      "Cache-Control": cache,
      // An SVG opened by itself is a document: it may draw, and nothing else.
      "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
      ...(name ? attachment(name) : {}),
    },
  });
}

/** What the first bytes say. Anything that is no picture is sent as plain bytes, so that a browser never runs it. */
function kindOf(head: Uint8Array): string {
  const hex = Buffer.from(head).toString("hex");
  const text = Buffer.from(head).toString("latin1");
  if (hex.startsWith("89504e47")) return "image/png";
  if (hex.startsWith("ffd8ff")) return "image/jpeg";
  if (text.startsWith("GIF8")) return "image/gif";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image/webp";
  if (looksLikeBitmap(head)) return "image/bmp";
  if (/ftypavi[fs]/.test(text)) return "image/avif";
  if (/^(?:﻿|ï»¿|\s)*<(?:\?xml|svg|!--)/.test(text)) return "image/svg+xml";
  return "application/octet-stream";
}
