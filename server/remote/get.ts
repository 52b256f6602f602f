/** Reads an address of the network that somebody named, while it comes. No redirect is followed. */
import type { IncomingMessage } from "node:http";
import { Failure } from "../errors";
import { leadsHome, reasonAgainst, speaking } from "../outgoing";

export interface RemoteOptions {
  signal?: AbortSignal;
  /** Without a byte for so long the answer is given up. */
  silenceMs?: number;
}

/** The body of an answer, which comes while it is read. Refused where it is no good answer. */
export async function getRemote(address: string, options: RemoteOptions = {}): Promise<IncomingMessage> {
  if (reasonAgainst(address) !== undefined) throw noAddress;
  const url = new URL(address);
  const { signal = AbortSignal.timeout(10 * 60_000), silenceMs = 20_000 } = options;
  const { request, agent } = speaking(url);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, { signal, agent, headers: { "user-agent": "Patchbay" } });
    sent.setTimeout(silenceMs, () => sent.destroy(new Error("it was silent for too long")));
    sent.once("response", resolve);
    sent.once("error", reject);
    sent.end();
  }).catch((cause: Error) => {
    throw leadsHome(cause) ? privateFailure(url.hostname) : unreachable(url, cause.message, cause);
  });
  if (answer.statusCode === 200) return answer;
  answer.resume();
  throw unreachable(url, `it answers with status ${answer.statusCode}`);
}

/** The body as a whole. */
export async function getRemoteBytes(address: string, most: number, options?: RemoteOptions): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  const answer = await getRemote(address, options);
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > most) {
      answer.destroy();
      throw unreachable(new URL(address), "it sends more than is taken");
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const noAddress = new Failure({
  message: "This is no address of a web site.",
  hint: "It begins with https:// or http://, and holds no name or password.",
});

const privateFailure = (host: string): Failure =>
  new Failure({
    message: `${host} is a place of this machine or of the net around it.`,
    hint: "The operator can allow it: PATCHBAY_PRIVATE_HOSTS names such hosts.",
  });

const unreachable = (url: URL, reason: string, cause?: unknown): Failure =>
  new Failure(
    { message: `${url.host} cannot be read: ${reason}.`, hint: "Look whether the address is right, and try later." },
    { cause },
  );
