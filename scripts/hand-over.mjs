/**
 * Requests that wait for what a graph gives go to the process that serves as they come: the web process passes bytes
 * on, and neither reads nor computes anything. What nobody there takes is answered as every other request.
 */
import { readFileSync } from "node:fs";
import { Agent, request as send } from "node:http";
import path from "node:path";
import { basePathOf } from "./base-path.mjs";

const data = path.resolve(process.env.PATCHBAY_DATA || path.join(import.meta.dirname, "../.data"));
/** As server/serving/calls.ts has them. */
const servingFile = path.join(data, "serving.json");
const secretHeader = "x-patchbay-serving";

const agent = new Agent({ keepAlive: true, noDelay: true, maxSockets: 1000, maxFreeSockets: 100 });
/** What concerns one connection alone. */
const ofConnection = new Set(["connection", "keep-alive", "expect", "te", "trailer", "upgrade", "proxy-authorization"]);
const ownHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
};
const away = {
  type: "urn:patchbay:problem:unavailable",
  title: "This is not there just now",
  status: 503,
  detail: "The process that serves graphs ended before it answered.",
  remedy: "Send the request again: it is started again by itself.",
};

/**
 * Whether a request waits for its answer, and is not named to be known again.
 * @param {import("node:http").IncomingMessage} request
 */
export function isCall({ method, url = "", headers }) {
  return (
    method === "POST" &&
    /^\/api\/v1\/graphs\/[^/?]+\/runs\?([^#]*&)?wait=/.test(withoutBase(url)) &&
    headers["idempotency-key"] === undefined
  );
}

/**
 * Has a request answered by the process that serves; by `otherwise` where it cannot be reached.
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @param {() => void} otherwise
 */
export function handOver(request, response, otherwise) {
  const place = servingPlace();
  if (!place) return otherwise();
  const headers = { ...request.headers, [secretHeader]: place.secret };
  for (const name of ofConnection) delete headers[name];
  const { method } = request;
  const url = withoutBase(request.url);
  const sent = send({ agent, host: "127.0.0.1", port: place.port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode, { ...answer.headers, ...ownHeaders });
    answer.once("error", () => response.destroy()).pipe(response);
  });
  let isReached = false;
  const pass = () => {
    isReached = true;
    request.pipe(sent);
  };
  sent.once("socket", (socket) => (socket.connecting ? socket.once("connect", pass) : pass()));
  sent.once("error", () => (isReached ? sayAway(response) : otherwise()));
  response.once("close", () => {
    if (!response.writableFinished) sent.destroy();
  });
}

const basePath = basePathOf();
const withoutBase = (url) => (url.startsWith(basePath) ? url.slice(basePath.length) : url);

/** Milliseconds for which it is believed where that process listens: at another place each time that it is started. */
const believed = 500;
let known = { until: 0, place: undefined };

function servingPlace() {
  const now = performance.now();
  if (now > known.until) known = { until: now + believed, place: readPlace() };
  return known.place;
}

function readPlace() {
  try {
    return JSON.parse(readFileSync(servingFile, "utf8"));
  } catch {
    return undefined; // nobody serves yet
  }
}

function sayAway(response) {
  if (response.headersSent) return void response.destroy();
  const headers = { "content-type": "application/problem+json", "retry-after": "1", ...ownHeaders };
  response.writeHead(503, headers).end(JSON.stringify(away));
}
