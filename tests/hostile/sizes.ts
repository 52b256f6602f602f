/** Requests that are larger, deeper or longer than anything needs to be. */
import { type Case, json, type Known, refused, runWith } from "./case";

const many = (count: number, text: string): string => text.repeat(count);

export function oversizedCases(known: Known): Case[] {
  const path = `/api/v1/graphs/${known.graph}/runs`;
  const large = `{"parameters":{"in.text":"${many(5 * 2 ** 20, "a")}"}}`;
  const tooLarge = [413, 0];
  const form = (parts: string): Case => ({
    name: `form of ${parts.length} letters`,
    method: "POST",
    path,
    headers: { "content-type": "multipart/form-data; boundary=x" },
    body: `${parts}--x--\r\n`,
    expected: [400, 413, 422, 0],
  });
  const field = (name: string, value: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  return [
    { name: "5 MB of JSON", method: "POST", path, headers: json, body: large, expected: tooLarge },
    { name: "5 MB in chunks", method: "POST", path, headers: json, body: large, isChunked: true, expected: tooLarge },
    runWith(known, "arrays in arrays", `{"parameters":{"in.text":${many(20_000, "[")}${many(20_000, "]")}}}`),
    runWith(known, "objects in objects", `{"a":${many(5000, '{"a":')}1${many(5000, "}")}}`),
    runWith(known, "many names", `{"parameters":{${Array.from({ length: 20_000 }, (_, i) => `"a.b${i}":1`).join()}}}`),
    runWith(known, "a name twice", '{"version":1,"version":2}'),
    runWith(known, "a long text", { parameters: { "in.text": many(1_100_000, "a") } }),
    runWith(known, "a long name", { parameters: { [`in.${many(100_000, "a")}`]: 1 } }),
    runWith(known, "many outputs", { outputs: Array.from({ length: 10_000 }, () => "in.text") }),
    runWith(known, "a long version", { version: many(100_000, "v") }, [400, 422, 404]),
    runWith(known, "a number without end", `{"version":1${many(100_000, "0")}}`),
    form(Array.from({ length: 600 }, (_, i) => field(`f${i}`, "1")).join("")),
    form(field("in.text", many(5 * 2 ** 20, "a"))),
    form(field(many(5000, "n"), "1")),
    form(field("request", many(100_000, "["))),
    { ...form(""), name: "a form that is cut off", body: field("in.text", "x").slice(0, 40) },
    { ...form(""), name: "a form without an end", body: field("in.text", "x") },
    { name: "a long address", path: `/api/v1/runs?cursor=${many(20_000, "a")}`, expected: [...refused, 0] },
    { name: "a long header", path: "/api/v1/runs", headers: { "x-a": many(100_000, "a") }, expected: [431, 0] },
    { name: "many headers", path: "/api/v1/nothing", headers: headersOf(1900), expected: [400, 404, 431, 0] },
    {
      name: "a long key",
      method: "POST",
      path,
      headers: { ...json, "idempotency-key": many(300, "k") },
      body: "{}",
      expected: [400],
    },
    { name: "no file", method: "POST", path: "/api/v1/files", body: "", expected: [400] },
    {
      name: "a file that claims much",
      method: "POST",
      path: "/api/v1/files",
      headers: { "content-length": "99999999999999" },
      expected: [413, 0],
    },
    ...["wait=301", "wait=1e9", "wait=-1", "wait=NaN", "wait=Infinity", "wait=1;2", "wait=[]"].map((query) => ({
      name: query,
      method: "POST",
      path: `${path}?${query}`,
      headers: json,
      body: "{}",
      expected: [400],
    })),
    ...["limit=0", "limit=201", "limit=-1", "limit=1e9", "limit=x", "cursor=x", "graph=x", "status=x"].map((query) => ({
      name: query,
      path: `/api/v1/runs?${query}`,
      expected: [400],
    })),
  ];
}

const headersOf = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, "1"]));
