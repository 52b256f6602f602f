import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Random, random } from "#models/random";
import { tinyTower } from "#tests/kit/graphs";
import { randomEdit } from "#tests/kit/random-edits";
import { begin, record, redo, undo } from "../../app/_editor/history";
import { addFrame, itemsOf } from "./annotations";
import { check } from "./check";
import { within } from "./composite-edits";
import { insideOf, withoutUnused } from "./composites";
import { endpointKey, type GraphDocument } from "./document";
import { expand, make } from "./make-composite";
import { parseText } from "./parse";

const templateNamed = (name: string): GraphDocument =>
  parseText(readFileSync(`nodes/templates/${name}.json`, "utf8")).document as GraphDocument;

const area = { position: { x: -20, y: -40 }, size: { width: 500, height: 300 } };
/** What sequences begin with: a small graph most of the time, or one with composites in it. */
const beginnings: readonly GraphDocument[] = [
  tinyTower(),
  addFrame(tinyTower(), ["data", "resize"], { title: "Pictures", ...area }).document,
  make(tinyTower(), ["vision", "projector"], { title: "Tower" })?.document as GraphDocument,
  templateNamed("clip-zero-shot-emoji"),
];

/** The document after so many edits, each of which somebody could have made. */
function edited(seed: number, count: number): GraphDocument {
  const draw = random(seed, "edits");
  let document = beginnings[seed % beginnings.length] as GraphDocument;
  for (let i = 0; i < count; i++) document = randomEdit(document, draw).document;
  return document;
}

describe("a random sequence of 50 edits with undo and redo between them", () => {
  it("is at each of its states again when it is taken back and made again, 2,000 times over", () => {
    for (let seed = 0; seed < 2000; seed++) {
      const { texts, wrong } = walked(seed);
      expect(wrong, `seed ${seed}`).toBeUndefined();
      expect(texts.length).toBeGreaterThan(1);
    }
  });

  it("leaves a document that can be saved and opened, and is the same then", () => {
    for (let seed = 0; seed < 500; seed++) {
      const document = edited(seed, 50);
      const { document: opened, problems } = parseText(JSON.stringify(document));
      expect(
        problems?.map(({ message }) => message),
        `seed ${seed}`,
      ).toBeUndefined();
      expect(opened, `seed ${seed}`).toEqual(JSON.parse(JSON.stringify(document)));
    }
  });

  it("leaves a document that the check has an answer to", () => {
    for (let seed = 0; seed < 200; seed++) expect(check(edited(seed, 50)).problems).toBeInstanceOf(Array);
  });
});

/**
 * Makes 50 steps of a sequence by the editor's history: edits, undos and redos. Then all is taken back, and made
 * again. `wrong` says where a state was not what it had been.
 */
function walked(seed: number): { texts: string[]; wrong?: string } {
  const draw = random(seed, "edits");
  let history = begin(beginnings[seed % beginnings.length] as GraphDocument);
  let texts = [JSON.stringify(history.present)];
  let place = 0;
  let last = "";
  const isRight = () => JSON.stringify(history.present) === texts[place];
  for (let step = 0; step < 50; step++) {
    const kind = draw.uniform();
    if (kind < 0.15) {
      history = undo(history);
      place = Math.max(0, place - 1);
    } else if (kind < 0.28) {
      history = redo(history);
      place = Math.min(texts.length - 1, place + 1);
    } else {
      const { name, document } = randomEdit(history.present, draw);
      last = name;
      if (document !== history.present) {
        texts = [...texts.slice(0, place + 1), JSON.stringify(document)];
        place++;
      }
      history = record(history, document);
    }
    if (!isRight()) return { texts, wrong: `step ${step}, after ${last}` };
  }
  for (; place > 0; place--, history = undo(history)) if (!isRight()) return { texts, wrong: `undone to ${place}` };
  for (; place < texts.length - 1; place++, history = redo(history)) {
    if (!isRight()) return { texts, wrong: `redone to ${place}` };
  }
  return isRight() ? { texts } : { texts, wrong: "in the end" };
}

describe("a composite of a random part of a random graph", () => {
  it("gives the graph as it was when it is expanded, 500 times over", () => {
    let count = 0;
    for (let seed = 0; count < 500; seed++) {
      const draw = random(seed, "parts");
      const document = edited(seed, 30);
      const made = madeOfPart(document, draw);
      if (!made) continue;
      count++;
      expect(comparable(made.back), `seed ${seed}`).toEqual(comparable(document));
    }
  });
});

/** A random part of a random level of a document made a composite, and taken apart again. */
function madeOfPart(document: GraphDocument, draw: Random): { back: GraphDocument } | undefined {
  const levels = [undefined, ...Object.keys(document.composites ?? {})];
  const level = levels[draw.below(levels.length)];
  const graph = level === undefined ? document : (insideOf(document, level) as GraphDocument);
  const share = draw.uniform();
  const items = itemsOf(graph).filter(() => draw.uniform() < share);
  const made = make(graph, items, { inside: level });
  if (!made) return undefined;
  const there = within(document, level, () => made.document);
  const back = within(there, level, (now) => expand(now, made.id, { inside: level })?.document ?? now);
  return { back: withoutUnused(back, made.composite) };
}

/** A document as it is in a file; the order of wires into different inputs means nothing, nor that of entries. */
function comparable(document: GraphDocument): unknown {
  const json = JSON.parse(JSON.stringify(document)) as GraphDocument;
  for (const { wires } of [json, ...Object.values(json.composites ?? {})])
    wires.sort((a, b) => endpointKey(a.to).localeCompare(endpointKey(b.to)));
  return json;
}
