/** Requests to addresses that strangers chose: none of them reaches this machine or its network. */
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from "request-filtering-agent";
import { env } from "./env";

export interface Outgoing {
  method?: "GET" | "POST";
  headers?: Readonly<Record<string, string>>;
  body?: string;
  signal?: AbortSignal;
  /** Milliseconds for all of it. */
  within: number;
  /** Bytes of an answer; more is an error. */
  mostBytes: number;
  /** How often it may be sent elsewhere; each address is judged anew. */
  redirects?: number;
}

export interface Incoming {
  status: number;
  body: Buffer;
}

/** Why nothing was sent to an address, or nothing came back. */
export class OutgoingFailure extends Error {}

/** Why an address is none that requests may be sent to; what its name resolves to is judged when it is connected to. */
export function reasonAgainst(address: string): string | undefined {
  const url = urlOf(address);
  if (!url) return "it is no address";
  if (url.protocol !== "http:" && url.protocol !== "https:") return "only http and https are spoken";
  if (url.username || url.password) return "it holds a name or a password";
  return undefined;
}

function urlOf(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

/**
 * Sends a request. What the host's name resolves to is looked at where the connection is made, so that a name cannot
 * stand for one address when it is judged and for another one afterwards. Loopback, link-local, private and reserved
 * addresses are refused, but for the IP addresses among `PATCHBAY_PRIVATE_HOSTS`. Throws `OutgoingFailure`.
 */
export async function sendOut(address: string, outgoing: Outgoing): Promise<Incoming> {
  const over = new AbortController();
  const signals = [over.signal, ...(outgoing.signal ? [outgoing.signal] : [])];
  const timer = setTimeout(() => over.abort(new OutgoingFailure("the server takes too long")), outgoing.within);
  try {
    return await follow(address, outgoing, AbortSignal.any(signals));
  } finally {
    clearTimeout(timer);
  }
}

async function follow(address: string, outgoing: Outgoing, signal: AbortSignal): Promise<Incoming> {
  let next = address;
  for (let left = outgoing.redirects ?? 0; ; left--) {
    const reason = reasonAgainst(next);
    if (reason !== undefined) throw new OutgoingFailure(reason);
    const { location, ...answer } = await once(next, outgoing, signal);
    if (location === undefined || answer.status < 300 || answer.status >= 400 || left <= 0) return answer;
    next = new URL(location, next).href;
    await sleep(0);
  }
}

function once(
  address: string,
  { method = "GET", headers, body, mostBytes }: Outgoing,
  signal: AbortSignal,
): Promise<Incoming & { location?: string }> {
  const { request, agent } = speaking(new URL(address));
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(signal.aborted ? signal.reason : told(error));
    const sent = request(address, { method, headers, agent, signal }, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > mostBytes) sent.destroy(new OutgoingFailure("the answer is too large"));
        else parts.push(part);
      });
      response.on("error", fail);
      response.on("end", () => {
        const { statusCode: status = 0, headers: given } = response;
        resolve({ status, body: Buffer.concat(parts), location: given.location });
      });
    });
    sent.on("error", fail);
    sent.end(body);
  });
}

/**
 * What requests to an address are made with. What its name resolves to is judged where it is connected to; hosts and
 * addresses among `PATCHBAY_PRIVATE_HOSTS` may be anywhere.
 */
export function speaking({ protocol, hostname }: URL): { request: typeof http.request; agent: http.Agent } {
  const { privateHosts } = env();
  const allowPrivateIPAddress = privateHosts.includes(hostname.toLowerCase());
  const allowIPAddressList = privateHosts.filter((host) => isIP(host));
  const rules = { allowIPAddressList, allowPrivateIPAddress, keepAlive: false };
  return protocol === "https:"
    ? { request: https.request, agent: new RequestFilteringHttpsAgent(rules) }
    : { request: http.request, agent: new RequestFilteringHttpAgent(rules) };
}

/** Whether a request failed because it would have reached this machine or its network. */
export const leadsHome = ({ message }: Error): boolean => message.includes("is not allowed");

function told(error: Error & { code?: string }): OutgoingFailure {
  if (error instanceof OutgoingFailure) return error;
  if (leadsHome(error))
    return new OutgoingFailure("it leads to this machine or its network, where requests are not sent");
  const known: Record<string, string> = {
    ENOTFOUND: "there is no such server",
    EAI_AGAIN: "its name cannot be resolved",
    ECONNREFUSED: "the server does not answer",
    ECONNRESET: "the server broke the connection",
    ETIMEDOUT: "the server does not answer",
  };
  return new OutgoingFailure(known[error.code ?? ""] ?? "no secure connection to the server can be made", {
    cause: error,
  });
}
