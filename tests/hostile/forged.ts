/** Names of things that are not there, or not theirs; tokens that are none; and requests that other sites send. */
import { type Case, json, type Known, refused, runWith } from "./case";

const ids = [
  "0",
  "-1",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "'%20or%201=1--",
  "1;drop%20table%20%22Run%22",
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "01900000-0000-7000-8000-000000000000",
  "%F0%9F%92%A9",
];

export function forgedCases(known: Known): Case[] {
  const places = [
    "/runs/ID",
    "/runs/ID/outputs",
    "/runs/ID/events",
    "/runs/ID/artifacts",
    "/graphs/ID",
    "/graphs/ID/openapi.json",
  ];
  const expected = [400, 404];
  const refs = ["f".repeat(64), "../../etc/passwd", "F".repeat(64), "a".repeat(63), ""];
  const picture = (ref: string) => ({ parameters: { "in.text": [{ ref, name: "x" }] } });
  const lastIds = ["-1", "'; drop table", "99999999999999999999999", "1e3", "\u00e9"];
  return [
    ...places.flatMap((place) =>
      ids.map((id): Case => ({ name: `${place} ${id}`, path: `/api/v1${place.replace("ID", id)}`, expected })),
    ),
    ...ids.map(
      (id): Case => ({
        name: `run of ${id}`,
        method: "POST",
        path: `/api/v1/graphs/${id}/runs`,
        headers: json,
        body: "{}",
        expected,
      }),
    ),
    ...ids.map((id): Case => ({ name: `stop ${id}`, method: "DELETE", path: `/api/v1/runs/${id}`, expected })),
    ...refs.map((ref) => runWith(known, `file ${ref.slice(0, 10)}`, picture(ref))),
    ...refs.map(
      (ref): Case => ({ name: `blob ${ref.slice(0, 10)}`, path: `/api/blobs/${ref}`, expected: [...refused, 308] }),
    ),
    ...["__proto__", "constructor", "toString", "in.text", "\u0000"].map(
      (node): Case => ({
        name: `artifact of ${node}`,
        path: `/api/v1/runs/${known.run}/artifacts/${encodeURIComponent(node)}/${encodeURIComponent(node)}`,
        expected,
      }),
    ),
    // The stream of a run that has ended ends as well, whatever is said to have been seen of it.
    ...lastIds.map(
      (id): Case => ({
        name: `event ${id}`,
        path: `/api/v1/runs/${known.run}/events`,
        headers: { "last-event-id": encodeURIComponent(id) },
        expected: [200],
      }),
    ),
  ];
}

/** Where there are no accounts a token opens nothing, and spoils nothing. */
export function tokenCases({ run }: Known): Case[] {
  const tokens = ["x", "null", "Bearer", "a".repeat(5000), "eyJhbGciOiJub25lIn0.e30.", "' or 1=1--", "../../x"];
  return tokens.flatMap((token): Case[] => [
    {
      name: `token ${token.slice(0, 12)}`,
      path: `/api/v1/runs/${run}`,
      headers: { authorization: `Bearer ${token}` },
      expected: [200, 401],
    },
    {
      name: `basic ${token.slice(0, 12)}`,
      path: `/api/v1/runs/${run}`,
      headers: { authorization: `Basic ${token}` },
      expected: [200, 401],
    },
  ]);
}

export function foreignCases({ graph, run, url }: Known): Case[] {
  const { port } = new URL(url);
  const from: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: `http://127.0.0.1:${Number(port) + 1}` },
    { origin: "https://localhost.evil.example" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: url, "sec-fetch-site": "cross-site" },
  ];
  const changes = [
    { method: "POST", path: `/api/v1/graphs/${graph}/runs`, body: "{}" },
    { method: "DELETE", path: `/api/v1/runs/${run}` },
    { method: "PUT", path: `/api/v1/graphs/${graph}/service`, body: "{}" },
    { method: "POST", path: `/api/v1/graphs/${graph}/webhooks`, body: '{"url":"https://evil.example"}' },
    { method: "POST", path: "/api/v1/files", body: "x" },
    { method: "POST", path: "/api/uploads", body: "x" },
  ];
  const hosts = [
    "evil.example",
    `evil.example:${port}`,
    "169.254.169.254",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
  ];
  return [
    ...changes.flatMap((change) =>
      from.map(
        (headers): Case => ({
          name: `${change.method} ${change.path.slice(0, 20)} from ${Object.values(headers).join()}`,
          ...change,
          headers: { ...json, ...headers },
          expected: [403],
        }),
      ),
    ),
    // A name that was made to lead here, as in DNS rebinding.
    ...hosts.map(
      (host): Case => ({ name: `host ${host}`, path: `/api/v1/runs/${run}`, headers: { host }, expected: [400, 421] }),
    ),
  ];
}
