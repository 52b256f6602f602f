/** Tokenizers of the set: every string of every tokenizer, as Hugging Face's own library reads tokenizer.json. */
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { openTokenizer } from "#models/files/tokenizers/open";
import { foldersOf, readJson } from "#tests/kit/conformance-set";

interface Row {
  text: string;
  ids: number[];
  ids_plain: number[];
  decoded: string;
  decoded_by_own_class?: string;
  decoded_with_special: string;
}
interface Expected {
  strings: Row[];
  padded: { texts?: string[]; max_length: number; input_ids: number[][]; attention_mask: number[][] };
  pair: { texts: [string, string]; input_ids: number[]; token_type_ids?: number[] };
}

const folders = foldersOf("tokenizers");
it("there are tokenizers", () => expect(folders.length).toBeGreaterThan(0));

describe.each(folders.map((folder) => [basename(folder), folder]))("the tokenizer %s", (_, folder) => {
  const tokenizer = openTokenizer({
    json: readJson(folder, "tokenizer.json"),
    config: readJson(folder, "tokenizer_config.json"),
  });
  const { strings, padded, pair } = readJson<Expected>(folder, "expected.json");

  it("gives every id, with special tokens and without", () => {
    for (const { text, ids, ids_plain } of strings) {
      expect(tokenizer.encode(text).ids, JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.encode(text, { special: false }).ids, JSON.stringify(text)).toEqual(ids_plain);
    }
  });
  it("gives the texts back", () => {
    for (const { text, ids, decoded, decoded_by_own_class: own } of strings) {
      expect([decoded, own], JSON.stringify(text)).toContain(tokenizer.decode(ids));
    }
  });
  it("joins two texts", () => {
    const { ids, types } = tokenizer.encode(pair.texts[0], { pair: pair.texts[1] });
    expect(ids).toEqual(pair.input_ids);
    if (pair.token_type_ids) expect(types).toEqual(pair.token_type_ids);
  });
  it("cuts what is too long", () => {
    const { texts = [], max_length: length, attention_mask: mask, input_ids: ids } = padded;
    for (const [row, text] of texts.entries()) {
      const kept = ids[row]?.filter((_id, i) => mask[row]?.[i]);
      expect(tokenizer.encode(text, { length }).ids).toEqual(kept);
    }
  });
});
