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

/** Tokens and addresses that opened something once, and changed ones. */
export function replayedCases({ run, graph, ended }: Known): Case[] {
  const { token, other, link, shown } = ended;
  const changed = (text: string) => [
    text.slice(0, -1),
    `${text}A`,
    text.toUpperCase(),
    text.split("").reverse().join(""),
  ];
  const paths = [`/api/v1/runs/${run}`, `/api/v1/graphs/${graph}`, "/api/v1/runs", "/api/v1/openapi.json"];
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
  const changes = [
    { method: "POST", path: `/api/v1/graphs/${graph}/runs`, headers: { ...json, ...bearer(token) }, body: "{}" },
    { method: "DELETE", path: `/api/v1/runs/${run}`, headers: bearer(token) },
    { method: "POST", path: "/api/v1/files", headers: bearer(token), body: "x" },
    { method: "POST", path: "/api/uploads", headers: bearer(token), body: "x" },
    { method: "POST", path: "/api/bundles", headers: bearer(token), body: "x" },
  ];
  const manages = [
    { method: "POST", path: `/api/v1/graphs/${graph}/webhooks`, headers: { ...json, ...bearer(other) }, body: "{}" },
    { method: "PUT", path: `/api/v1/graphs/${graph}/service`, headers: { ...json, ...bearer(other) }, body: "{}" },
  ];
  const linked = [link, ...changed(shown), `${shown}.`, shown.slice(1), encodeURIComponent(`../${shown}`)];
  return [
    ...paths.map((path): Case => ({ name: `ended token, ${path}`, path, headers: bearer(token), expected: [401] })),
    ...changed(other).map(
      (text, i): Case => ({
        name: `changed token ${i}`,
        path: paths[0] as string,
        headers: bearer(text),
        expected: [401],
      }),
    ),
    ...changes.map((change): Case => ({ ...change, name: `ended token, ${change.path}`, expected: [401] })),
    ...manages.map((change): Case => ({ ...change, name: `token that may not, ${change.path}`, expected: [403] })),
    ...linked.flatMap((text) =>
      ["", "/graph", "/bundle", `/files/${"a".repeat(64)}`].map(
        (part): Case => ({
          name: `link ${text.slice(0, 6)}${part}`,
          path: `/s/${text}${part}`,
          expected: [404, 401, 400],
        }),
      ),
    ),
  ];
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
    "localtest.me",
    `rebound.evil.example:${port}`,
    "127.0.0.1.evil.example",
    "localhost@evil.example",
    "0x7f.1.evil.example",
    "[::1].evil.example",
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
