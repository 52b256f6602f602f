/** Addresses that try to lead out of where they belong. */
import { type Case, type Known, refused } from "./case";

const climbs = [
  "../../../../etc/passwd",
  "..%2f..%2f..%2f..%2fetc%2fpasswd",
  "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
  "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "..%5c..%5cetc%5cpasswd",
  "..\\..\\etc\\passwd",
  "....//....//etc/passwd",
  "%252e%252e%252fetc%252fpasswd",
  "%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
  "/etc/passwd",
  "%2fetc%2fpasswd",
  "file:%2f%2f%2fetc%2fpasswd",
  "%00",
  "passwd%00.json",
  "%",
  "%zz",
];

export function pathCases({ graph, run }: Known): Case[] {
  const bases = [
    "/api/v1/",
    "/api/v1/runs/",
    `/api/v1/graphs/${graph}/`,
    `/api/v1/runs/${run}/artifacts/in/`,
    "/api/blobs/",
    "/api/templates/",
  ];
  const expected = [...refused, 308];
  const climbing = bases.flatMap((base) =>
    climbs.map((climb) => ({ name: base + climb, path: base + climb, expected })),
  );
  const others = ["//evil.example/api/v1/runs", "/\\evil.example", "/api/v1/runs/..;/", "*", "/api//v1//runs//x"];
  const names = ["x/y", "../x", "\u202e", "a".repeat(3000)].map((name) => encodeURIComponent(name));
  return [
    ...climbing,
    ...others.map((path) => ({ name: path, path, expected })),
    ...names.map((name) => ({
      name: `artifact ${name.slice(0, 20)}`,
      path: `/api/v1/runs/${run}/artifacts/${name}/${name}`,
      expected,
    })),
  ];
}
