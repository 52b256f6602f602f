import { Tokenizer } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import { countWords, specials, trainBpe } from "./bpe";

const texts = ["red apple", "green apple", "apple pie", "Red  heart", "pineapple", "naïve café 🍎", "it's 2 o'clock"];
const encode = (json: Record<string, unknown>, text: string) =>
  new Tokenizer(json, {}).encode(text, { add_special_tokens: false });

function counted(of: readonly string[]): Map<string, number> {
  const words = new Map<string, number>();
  for (const one of of) countWords([one], words);
  return words;
}

describe("trainBpe", () => {
  const json = trainBpe(counted(texts), 600);
  const { vocab, merges } = json.model as { vocab: Record<string, number>; merges: string[] };
  it("puts bytes first and the end token last", () => {
    expect([vocab["!"], vocab["!</w>"]]).toEqual([33, 289]);
    expect(vocab[specials.end]).toBe(Object.keys(vocab).length - 1);
    expect(Object.keys(vocab).length).toBe(514 + merges.length);
    expect(Object.keys(vocab).length).toBeLessThanOrEqual(600);
  });
  it("merges what occurs most: a frequent word is one token, and case and spaces do not matter", () => {
    expect(encode(json, "apple").tokens).toEqual(["apple</w>"]);
    expect(encode(json, " RED   Apple").ids).toEqual(encode(json, "red apple").ids);
  });
  it("can spell any text, back and forth", () => {
    const tokenizer = new Tokenizer(json, {});
    for (const text of [...texts, "日本語", "zebra!?"]) {
      const { ids } = tokenizer.encode(text, { add_special_tokens: false });
      expect(
        ids.every((id) => Number.isInteger(id) && id < (vocab[specials.start] as number)),
        text,
      ).toBe(true);
      const symbols = Object.keys(vocab);
      const spelled = ids
        .map((id) => symbols[id])
        .join("")
        .replaceAll("</w>", " ")
        .trim();
      const bytes = new TextEncoder().encode(text.normalize("NFC").toLowerCase().replace(/\s+/g, "")).length;
      expect([...spelled.replaceAll(" ", "")].length, text).toBe(bytes);
    }
  });
  it("is the same for the same texts, and does not learn from nothing", () => {
    expect(JSON.stringify(trainBpe(counted(texts), 600))).toBe(JSON.stringify(json));
    expect(Object.keys((trainBpe(counted([]), 1000).model as { vocab: object }).vocab)).toHaveLength(514);
  });
});
