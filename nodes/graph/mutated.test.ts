import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { random } from "#models/random";
import { check } from "./check";
import { expand, make } from "./make-composite";
import { parseText } from "./parse";

/** Files of today, and those of older versions. */
const texts = ["nodes/templates", "tests/fixtures/graphs"].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => readFileSync(`${folder}/${name}`, "utf8")),
);

/** What may stand where something else is expected; some of it names composites and boundaries. */
const others: readonly unknown[] = [
  null,
  [],
  {},
  0,
  "",
  "composite:clip",
  "composite:drawings",
  "composite:gone",
  "@inputs",
  "@outputs",
  "clip",
  "constructor",
  "image",
];

/** The file with one of its values replaced, or gone, or with a name that it did not have. */
function mutated(seed: number): string {
  const draw = random(seed, "mutation");
  const json: unknown = JSON.parse(texts[seed % texts.length] as string);
  const places: [object, string][] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      places.push([value, name]);
      visit(inner);
    }
  };
  visit(json);
  for (let i = 0; i < 3; i++) {
    const [owner, name] = places[Math.floor(draw.uniform() * places.length)] as [Record<string, unknown>, string];
    // Most are of the same type, or no file would be opened.
    const alike = others.filter((other) => typeof other === typeof owner[name]);
    const from = alike.length && draw.uniform() < 0.9 ? alike : others;
    const other = from[Math.floor(draw.uniform() * from.length)];
    if (draw.uniform() < 0.05) delete owner[name];
    else if (draw.uniform() < 0.15) owner[`${name}_2`] = owner[name];
    else if (typeof owner[name] !== "object") owner[name] = other;
  }
  return JSON.stringify(json);
}

describe("a damaged file", () => {
  it.each([0, 1, 2, 3])("is opened with problems, or refused with a reason: 500 of 2,000, from part %i", (part) => {
    let opened = 0;
    for (let seed = part; seed < 2000; seed += 4) {
      const { document, problems } = parseText(mutated(seed));
      if (!document) {
        expect(problems?.[0]?.message).toBeTruthy();
        continue;
      }
      opened++;
      check(document);
      for (const id of Object.keys(document.nodes).slice(0, 6)) expand(document, id);
      make(document, Object.keys(document.nodes).slice(2, 7));
    }
    expect(opened).toBeGreaterThan(150);
  });
});
