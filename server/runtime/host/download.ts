import { cutText } from "#models/files/text";
import { Failure } from "../../errors";
import { pictureLimits } from "./picture-limits";

/** A picture from the network: https or http, bounded, no redirects into other schemes. */
export async function download(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const fail = (reason: string, cause?: unknown): never => {
    throw new Failure(
      {
        param: "urls",
        message: `“${cutText(url, 200, "…")}” cannot be downloaded: ${reason}.`,
        hint: "Check the address, or upload the picture.",
      },
      { cause },
    );
  };
  if (!/^https?:\/\//i.test(url)) fail("only http and https addresses are read");
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) }).catch((cause) =>
    fail("the server does not answer", cause),
  );
  if (!response.ok || !response.body) return fail(`the server answers ${response.status}`);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    parts.push(part);
    bytes += part.byteLength;
    if (bytes > pictureLimits.bytes) fail("it is too large");
  }
  return Buffer.concat(parts);
}
