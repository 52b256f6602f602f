/** What the answer of every page has in its head: where its scripts may come from, and who may show it in a frame. */
import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import { db } from "#server/db";
import { env } from "#server/env";
import { frameAncestors } from "#server/links/framing";

/** Pages; not what is built once for all, nor the routes of files and programs, which say so themselves. */
export const config = { matcher: ["/((?!_next/|api/|s/[^/]+/(?:files|graph|fork|unlock)).*)"] };

/** Embedded views are shown in frames of the sites that their sharers allowed; every other page in none. */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const nonce = randomBytes(16).toString("base64");
  const { pathname } = request.nextUrl;
  const sites = pathname.startsWith("/embed/") ? await frameAncestors(db(), pathname) : "'none'";
  const policy = policyWith(nonce, sites);
  // Next gives this nonce to its own scripts; app/layout.tsx to the one that sets the theme.
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("Content-Security-Policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("Content-Security-Policy", policy);
  if (env().publicUrl?.startsWith("https:"))
    response.headers.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  return response;
}

function policyWith(nonce: string, sites: string): string {
  return [
    "default-src 'self'",
    // WebAssembly for ONNX Runtime in the browser; no text is ever run as a script.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic' 'wasm-unsafe-eval'`,
    // Positions on the canvas, and the sheets that the libraries of windows and charts write.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "connect-src 'self' blob: data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${sites}`,
  ].join("; ");
}
