import { describe, expect, it } from "vitest";
import { tokenizerFromFiles } from "./from-files";
import { openTokenizer } from "./open";
import { nestedRepetition } from "./patterns";
import { splitBy } from "./splits";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const vocab = Object.fromEntries(
  ["[UNK]", "a", "b", "c", "[CLS]", "[SEP]", "σ", "é", "!"].map((token, id) => [token, id]),
);
const words = { type: "WordLevel", vocab, unk_token: "[UNK]" };
const wordPiece = { ...words, type: "WordPiece", continuing_subword_prefix: "##", max_input_chars_per_word: 9 };
const open = (parts: object, config = {}) =>
  openTokenizer({ json: { model: wordPiece, pre_tokenizer: { type: "WhitespaceSplit" }, ...parts }, config });

describe("a pattern", () => {
  it.each([
    "(a+)+",
    "(a|aa)*",
    "((a?)){9}",
    "(?:(?:x|y)z)+",
    "([^b]+c?){2,}",
  ])("%s could take endless time", (pattern) => expect(nestedRepetition(pattern)).toBeDefined());
  it.each([
    String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+(?!\S)|\s+`,
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}]*[\p{Ll}\p{M}]+(?i:'s|'t)?|\(a+|b\)+|(\p{L})+`,
    String.raw` ?[^(\s|[.,!?…。，、।۔،])]+`,
  ])("of a real tokenizer is none of them: %s", (pattern) => expect(nestedRepetition(pattern)).toBeUndefined());
  it("of a stranger's that is, is refused with the field that holds it", () =>
    expect(() =>
      open({ pre_tokenizer: { type: "Split", pattern: { Regex: "(a+)+$" }, behavior: "Isolated" } }),
    ).toThrow("pre_tokenizer.pattern.Regex repeats what repeats, (a+)+, and could take endless time"));
});

describe("splitting", () => {
  const text = "a--b-c";
  it.each([
    ["removed", ["a", "b", "c"]],
    ["isolated", ["a", "-", "-", "b", "-", "c"]],
    ["contiguous", ["a", "--", "b", "-", "c"]],
    ["mergedwithprevious", ["a-", "-", "b-", "c"]],
    ["mergedwithnext", ["a", "-", "-b", "-c"]],
  ] as const)("leaves what fits %s", (how, parts) => expect(splitBy(text, /-/gu, how)).toEqual(parts));
  it("may mean what lies between the matches", () =>
    expect(splitBy(text, /[a-z]/gu, "removed", true)).toEqual(["a", "b", "c"]));
});

describe("a tokenizer", () => {
  it("joins two texts that nothing else joins, as two types", () => {
    const { ids, types } = open({ post_processor: null }).encode("a b", { pair: "c" });
    expect([ids, types]).toEqual([
      [1, 2, 3],
      [0, 0, 1],
    ]);
    expect(open({ post_processor: { type: "ByteLevel" } }).encode("a", { pair: "c" }).types).toEqual([0, 1]);
  });
  it("cuts the longer of two texts, and which end one likes; special tokens stay", () => {
    const bert = open({ post_processor: { type: "BertProcessing", cls: ["[CLS]", 4], sep: ["[SEP]", 5] } });
    expect(bert.encode("a b c", { length: 4 }).ids).toEqual([4, 1, 2, 5]);
    expect(bert.encode("a b c", { length: 4, cut: "left" }).ids).toEqual([4, 2, 3, 5]);
    expect(bert.encode("a b c", { pair: "b", length: 6 }).ids).toEqual([4, 1, 2, 5, 2, 5]);
    expect(bert.encode("a b c", { pair: "c b a", length: 6 }).ids).toEqual([4, 1, 5, 3, 2, 5]);
    expect(bert.encode("a b c a", { pair: "c b a", length: 6 }).ids).toEqual([4, 1, 2, 5, 3, 5]);
    expect(bert.encode("a b c", { length: 1 }).ids).toEqual([4, 5]);
    expect(bert.encode("a b c", { length: 4 }).whole).toBe(5);
  });
  it("makes capital Σ small without looking at its place, and takes U+0085 for space, not the byte-order mark", () => {
    expect(open({ normalizer: { type: "Lowercase" } }).encode("ΑΣ Σ").ids).toEqual([0, 6]);
    expect(open({ pre_tokenizer: { type: "WhitespaceSplit" } }).encode("a\u0085b \ufeff").ids).toEqual([1, 2, 0]);
  });
  it("keeps marks of punctuation apart, and knows letters beyond ASCII", () => {
    expect(open({ pre_tokenizer: { type: "Punctuation" } }).encode("a!!b").ids).toEqual([1, 8, 8, 2]);
    expect(open({ pre_tokenizer: { type: "Whitespace" } }).encode("é!").ids).toEqual([7, 8]);
  });
  it("leaves spaces before punctuation where its configuration does not say otherwise", () => {
    const spaced = { decoder: { type: "WordPiece", prefix: "##", cleanup: false } };
    expect(open(spaced).decode([1, 8])).toBe("a !");
    expect(open(spaced, { clean_up_tokenization_spaces: true }).decode([1, 8])).toBe("a!");
  });
  it("leaves them in any case where tokens are merged pairs, as transformers 5 does", () => {
    const vocab = { a: 0, Ġ: 1, "!": 2, "Ġ!": 3 };
    const pairs = { model: { type: "BPE", vocab, merges: [["Ġ", "!"]] }, decoder: { type: "ByteLevel" } };
    const asked = { clean_up_tokenization_spaces: true };
    expect(open(pairs, asked).decode([0, 3])).toBe("a !");
    const insisting = "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output";
    expect(open(pairs, { ...asked, [insisting]: true }).decode([0, 3])).toBe("a!");
  });
});

describe("files of a tokenizer", () => {
  it("are refused with the name of the one that is damaged or missing", () => {
    expect(() => tokenizerFromFiles({ "tokenizer.json": bytesOf("{]") })).toThrow(
      "tokenizer.json cannot be read: it is no JSON",
    );
    expect(() => tokenizerFromFiles({ "vocab.json": bytesOf("{}") })).toThrow(
      "there is a vocab.json, but no merges.txt",
    );
    expect(() => tokenizerFromFiles({ "vocab.json": bytesOf('{"a": -1}'), "merges.txt": bytesOf("") })).toThrow(
      "vocab.json cannot be read: it gives “a” no id",
    );
    expect(() => tokenizerFromFiles({ "vocab.txt": bytesOf("a\nb") })).toThrow(
      "vocab.txt cannot be read: it has no line [CLS]",
    );
    expect(() => tokenizerFromFiles({})).toThrow("there is no tokenizer.json");
  });
  it("bring a chat template along, wherever it lies", () => {
    const json = bytesOf(JSON.stringify({ model: wordPiece }));
    const templateIn = (files: object) => tokenizerFromFiles({ "tokenizer.json": json, ...files }).config.chat_template;
    expect(templateIn({ "chat_template.jinja": bytesOf("A") })).toBe("A");
    expect(templateIn({ "chat_template.json": bytesOf('{"chat_template": "B"}') })).toBe("B");
    expect(templateIn({ "tokenizer_config.json": bytesOf('{"chat_template": "C"}') })).toBe("C");
  });
});
