/**
 * Reads an address of the network that somebody named. The name is resolved once, and connected to is the very address
 * that was looked at: a name that means another one a moment later (DNS rebinding) gains nothing. No redirect is
 * followed, and no proxy is asked.
 */
import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { isIP } from "node:net";
import { env } from "../env";
import { Failure } from "../errors";
import { isPrivateAddress } from "./private-address";

export interface RemoteOptions {
  signal?: AbortSignal;
  /** Without a byte for so long the answer is given up. */
  silenceMs?: number;
}

/** The body of an answer, which comes while it is read. Refused where it is no good answer. */
export async function getRemote(address: string, options: RemoteOptions = {}): Promise<IncomingMessage> {
  const url = refuseOdd(address);
  const { signal = AbortSignal.timeout(10 * 60_000), silenceMs = 20_000 } = options;
  const send = url.protocol === "https:" ? requestSecure : requestPlain;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = send(url, { signal, lookup: checkedLookup, agent: false, headers: { "user-agent": "Patchbay" } });
    sent.setTimeout(silenceMs, () => sent.destroy(new Error("it was silent for too long")));
    sent.once("response", resolve);
    sent.once("error", reject);
    sent.end();
  }).catch((cause: Error) => {
    throw cause instanceof Failure ? cause : unreachable(url, cause.message, cause);
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

function refuseOdd(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password;
  if (!isPlain)
    throw new Failure({
      message: "This is no address of a web site.",
      hint: "It begins with https:// or http://, and holds no name or password.",
    });
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // An address that is written out is not looked up.
  if (isIP(host) && isPrivateAddress(host) && !isAllowed(host)) throw privateFailure(host);
  return url;
}

type Answered = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

function checkedLookup(host: string, options: LookupOptions, answered: Answered): void {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error) return answered(error, []);
    const bad = isAllowed(host) ? undefined : found.find(({ address }) => isPrivateAddress(address));
    if (bad) return answered(privateFailure(host), []);
    const [first] = found;
    if (options.all) return answered(null, found);
    return answered(null, first?.address ?? "", first?.family);
  });
}

const isAllowed = (host: string): boolean => env().privateHosts.includes(host.toLowerCase());

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
