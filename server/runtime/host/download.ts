import { cutText } from "#models/files/text";
import { Failure } from "../../errors";
import { OutgoingFailure, sendOut } from "../../outgoing";
import { pictureLimits } from "./picture-limits";

/** A picture from the network, and not from this machine's own: https or http, bounded. */
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
  try {
    const answer = await sendOut(url, { signal, within: 30_000, mostBytes: pictureLimits.bytes, redirects: 5 });
    if (answer.status >= 200 && answer.status < 300) return new Uint8Array(answer.body);
    return fail(`the server answers ${answer.status}`);
  } catch (error) {
    if (error instanceof OutgoingFailure) return fail(error.message, error);
    throw error;
  }
}
