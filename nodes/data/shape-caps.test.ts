import { describe, expect, it } from "vitest";
import { captionOf, paraphraseCount } from "#models/shape-caps/captions";
import { askAbout, questionKinds } from "#models/shape-caps/questions";
import { drawPixels } from "#models/shape-caps/render";
import { colours, type Scene, shapes, sizes } from "#models/shape-caps/scene";
import { random } from "#models/random";
import { runNode } from "#tests/kit/run-node";
import { countsOf } from "../core/packed";
import type { Tensor } from "../core/values";
import { shapeCaps } from "./shape-caps";

const run = (params: object = {}) => runNode(shapeCaps, {}, { rows: 64, ...params });
const pixelsOf = (image: object) => (image as { pixels: Tensor }).pixels;

const scene: Scene = [
  { shape: "circle", colour: "red", size: "large", cell: 0, digit: 7 },
  { shape: "square", colour: "orange", size: "small", cell: 4 },
];

/** The colours that some pixels of a picture have. */
function coloursIn(pixels: Uint8Array): Set<string> {
  const paints: Record<string, string> = {
    "220,40,40": "red",
    "40,180,70": "green",
    "50,90,230": "blue",
    "240,220,50": "yellow",
    "160,60,200": "purple",
    "245,140,30": "orange",
  };
  const found = Array.from({ length: pixels.length / 3 }, (_, i) => paints[pixels.slice(3 * i, 3 * i + 3).join()]);
  return new Set(found.filter((colour) => colour !== undefined));
}

/** What captions call the colours. */
const colourWords = [...colours, "crimson", "emerald", "navy", "golden", "violet", "amber"];

describe("ShapeCaps", () => {
  it("has the sizes of its splits, and pictures of the side that is asked for", async () => {
    const { image, caption } = await runNode(shapeCaps, {}, { split: "validation", side: 64 });
    expect(caption).toHaveLength(512);
    expect(pixelsOf(image)).toMatchObject({ dtype: "uint8", shape: [512, 64, 64, 3] });
  });
  it("gives a row the same content however many follow; another in another split or with another seed", async () => {
    const [short, long] = [await run({ digits: 0.5, shuffled: 0 }), await run({ digits: 0.5, rows: 300 })];
    expect(long.caption.slice(0, 64)).toEqual(short.caption);
    expect(long.question.slice(0, 64)).toEqual(short.question);
    const drawn = pixelsOf(short.image).data;
    expect(pixelsOf(long.image).data.slice(0, drawn.length)).toEqual(drawn);
    expect((await run({ split: "validation" })).caption).not.toEqual(short.caption);
    expect((await run({ seed: 1 })).caption).not.toEqual(short.caption);
  });
  it("says no caption of the test twice", async () => {
    const { caption } = await runNode(shapeCaps, {}, { split: "test", rows: 2000 });
    expect(new Set(caption).size).toBe(2000);
  });
  it("writes captions out of 45 words, three paraphrases of one scene", () => {
    expect(Array.from({ length: paraphraseCount }, (_, i) => captionOf(scene, i))).toEqual([
      "a large red circle marked seven top left and a small orange square centre",
      "top left a big red circle marked seven and centre a little orange square",
      "picture of large crimson disc marked seven top left with small amber box centre",
    ]);
    const words = new Set<string>();
    for (let row = 0; row < 3000; row++) {
      const objects = colours.flatMap((colour) => shapes.map((shape) => ({ colour, shape, digit: row % 10 })));
      const object = { ...(objects[row % objects.length] as (typeof objects)[number]), cell: row % 9 };
      const drawn = [...sizes].map((size) => ({ ...object, size }));
      for (const word of captionOf(drawn, row % paraphraseCount).split(" ")) words.add(word);
    }
    expect(words.size).toBe(45);
  });
  it("swaps captions and puts junk in their place as often as asked, and says where", async () => {
    const { caption, truth, noise } = await run({ rows: 1000, shuffled: 0.3, junk: 0.2 });
    const share = (kind: string) => noise.filter((found) => found === kind).length / 1000;
    expect(share("junk")).toBeCloseTo(0.2, 1);
    expect(share("swapped")).toBeCloseTo(0.24, 1); // 0.3 of what is no junk
    for (const [row, kind] of noise.entries()) {
      if (kind === "junk") expect(caption[row]).toMatch(/^img \d+x\d+$/);
      else if (kind === "none") expect(caption[row]).toBe(truth[row]);
      else expect(truth).toContain(caption[row]);
    }
  });
  it("exchanges the colours of two objects in the caption alone, or changes one where there are no two", async () => {
    const { caption, truth, noise } = await run({ rows: 400, objects: 2, exchanged: 0.5, shuffled: 0.2 });
    const changed = [...noise.entries()].filter(([, kind]) => kind === "exchanged").map(([row]) => row);
    expect(changed.length / 400).toBeCloseTo(0.4, 1); // 0.5 of what is not swapped
    const colourless = (text = "") => text.replaceAll(new RegExp(colourWords.join("|"), "g"), "-");
    for (const row of changed) {
      expect(caption[row]).not.toBe(truth[row]);
      expect(colourless(caption[row])).toBe(colourless(truth[row]));
    }
  });
  it("asks questions of the chosen kinds, whose answers the captions bear out", async () => {
    const { question, answer, kind, truth } = await run({ rows: 800, digits: 1 });
    expect(new Set(kind)).toEqual(new Set(questionKinds));
    for (const [row, asked] of kind.entries()) {
      if (asked === "count") expect(truth[row]?.split(/ and | with /)).toHaveLength(Number(answer[row]));
      if (asked === "place") expect(truth[row]).toContain(answer[row]);
      if (asked === "digit") expect(question[row]).toMatch(/^Which digit is at the .+\?$/);
    }
    expect(new Set((await run({ kinds: ["size"] })).kind)).toEqual(new Set(["size"]));
    const yes = answer.filter((_, row) => kind[row] === "presence").filter((said) => said === "yes");
    expect(yes.length / kind.filter((asked) => asked === "presence").length).toBeCloseTo(0.5, 0);
  });
  it("answers what a scene answers, and asks no place that two objects fit", () => {
    expect(askAbout(scene, ["digit"], random("a"))).toEqual({
      kind: "digit",
      question: "Which digit is at the top left?",
      answer: "7",
    });
    expect(askAbout(scene, ["count"], random("a"))?.answer).toBe("2");
    const twins: Scene = [0, 8].map((cell) => ({ shape: "cross", colour: "blue", size: "small", cell }));
    expect(askAbout(twins, ["place", "digit"], random("a"))).toBeUndefined();
  });
  it("draws shapes in their cells, and digits of three by five pixels", () => {
    const pixels = new Uint8Array(96 * 96 * 3);
    drawPixels(scene, pixels, 96);
    const at = (x: number, y: number) => [...pixels.subarray(3 * (y * 96 + x), 3 * (y * 96 + x) + 3)];
    expect(at(16, 6)).toEqual([220, 40, 40]); // the circle, above its digit
    expect(at(48, 48)).toEqual([245, 140, 30]);
    expect(at(80, 80)).toEqual([24, 24, 28]);
    const white = Array.from({ length: 96 * 96 }, (_, i) => at(i % 96, Math.floor(i / 96))).filter(
      ([red]) => red === 255,
    );
    expect(white).toHaveLength(7); // of a 7
  });
  it("asks about several pictures: what is new in the second, and which of four has a colour", async () => {
    const { image, images, question, answer, kind, conversation } = await run({ kinds: ["difference", "frame"] });
    const counts = countsOf(images);
    expect(counts).toEqual(kind.map((asked) => (asked === "frame" ? 4 : 2)));
    const size = 32 * 32 * 3;
    const [drawn, first] = [pixelsOf(images).data, pixelsOf(image).data];
    let next = 0;
    for (const [row, asked] of kind.entries()) {
      const scenes = Array.from({ length: counts[row] as number }, () => {
        next += size;
        return drawn.slice(next - size, next);
      });
      const shown = scenes.map((pixels) => coloursIn(pixels as Uint8Array));
      const captioned = asked === "frame" ? Number(answer[row]) - 1 : 0;
      expect(scenes[captioned]).toEqual(first.slice(row * size, (row + 1) * size));
      expect(JSON.parse(conversation[row] as string)[0].value).toBe(
        `${"<image>\n".repeat(scenes.length)}${question[row]}`,
      );
      const wanted = asked === "frame" ? /something (\w+)\?/.exec(question[row] as string)?.[1] : answer[row];
      const having = shown.flatMap((found, i) => (found.has(wanted as string) ? i : []));
      expect(having).toEqual([asked === "frame" ? captioned : 1]);
    }
  });
  it("draws one object where no more are wanted, and says where test captions run out", async () => {
    const { truth } = await run({ objects: 1, rows: 200 });
    expect(truth.every((text) => !/ (and|with) /.test(text))).toBe(true);
    await expect(run({ objects: 1, rows: 2000, split: "test" })).rejects.toThrow("no more captions that differ");
  });
  it("refuses to ask for digits alone where not every object has one", async () => {
    await expect(run({ kinds: ["digit"] })).rejects.toThrow("Digits alone are asked for");
  });
  it("writes conversations as LLaVA does", async () => {
    const { conversation, question, answer } = await run({ rows: 1 });
    expect(JSON.parse(conversation[0] as string)).toEqual([
      { from: "human", value: `<image>\n${question[0]}` },
      { from: "gpt", value: answer[0] },
    ]);
  });
});
