import { describe, expect, it } from "vitest";
import { flat, runNode } from "#tests/kit/run-node";
import { altTextFilter } from "./alt-text-filter";

const words = (count: number) => Array.from({ length: count }, (_, i) => `word${i}`).join(" ");
const grey = (count: number) =>
  flat(
    250,
    250,
    Array.from({ length: count }, () => [9, 9, 9] as const),
  );

/** The texts that stay, of one picture each, and by which rule the others went. */
async function filtered(text: string[], params: Record<string, unknown> = {}) {
  const {
    text: kept,
    reasons,
    dropped,
  } = await runNode(altTextFilter, { image: grey(text.length), text }, { shown: 0, ...params });
  return { kept, reasons: reasons.items.map(({ name, labels: [first] }) => `${name}: ${first?.label}`), dropped };
}

describe("Alt-text filter", () => {
  it("keeps texts of 3 to 20 words", async () => {
    const { kept, reasons } = await filtered(["1920x1080", words(3), words(20), words(21)]);
    expect(kept).toEqual([words(3), words(20)]);
    expect(reasons).toEqual(["short: 1 pair", "long: 1 pair"]);
  });
  it("keeps a text that ten pictures share, and leaves out one that eleven share", async () => {
    const shared = (count: number) => Array.from({ length: count }, () => "a caption for all");
    expect((await filtered(shared(10))).kept).toHaveLength(10);
    const { kept, reasons, dropped } = await filtered(shared(11), { shown: 2 });
    expect(kept).toEqual([]);
    expect(reasons).toEqual(["many pictures: 11 pairs"]);
    expect(dropped.captions).toEqual(["a caption for all\nmany pictures", "a caption for all\nmany pictures"]);
  });
  it("leaves out small and narrow pictures", async () => {
    const text = ["a picture of something"];
    const reasonOf = async (width: number, height: number) =>
      (await runNode(altTextFilter, { image: flat(width, height, [[1, 2, 3]]), text }, { shown: 0 })).reasons.items[0]
        ?.name;
    expect(await reasonOf(200, 400)).toBe("small");
    expect(await reasonOf(201, 602)).toBeUndefined();
    expect(await reasonOf(603, 201)).toBe("aspect");
  });
  it("counts the texts of a file", async () => {
    const file = { ref: "0".repeat(64), width: 300, height: 300 };
    const other = { ...file, ref: "1".repeat(64) };
    const text = ["the first of three", "the second of three", "the third of three", "one text alone"];
    const image = { files: [file, file, file, other] };
    const { text: kept } = await runNode(altTextFilter, { image, text }, { textsOfPicture: 2, shown: 0 });
    expect(kept).toEqual(["one text alone"]);
  });
  it("leaves out words that are rare, unless they stand in a frequent pair", async () => {
    const text = ["red fox runs", "red fox runs", "red fox sleeps", "xqz fox runs"];
    // The five most frequent: fox, red, “red fox”, runs, “fox runs”.
    expect((await filtered(text, { frequent: 5 })).kept).toEqual(["red fox runs", "red fox runs"]);
    expect((await filtered(text, { frequent: 0 })).kept).toEqual(text);
  });
});
