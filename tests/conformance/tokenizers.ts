/** Tokenizers of the set: every string of every tokenizer, as Hugging Face's own library reads tokenizer.json. */
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { type TokenizerBytes, tokenizerFromFiles } from "#models/files/tokenizers/from-files";
import { openTokenizer } from "#models/files/tokenizers/open";
import { count } from "./counts";
import { foldersOf, readJson } from "./files";

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

export function testTokenizers(): void {
  const folders = foldersOf("tokenizers");

  const withOlderForm = folders.filter((folder) => ["bert", "blip", "clip", "gpt2"].includes(basename(folder)));
  it.each(withOlderForm)("%s is the same from the files that older models have", (folder) => {
    const tokenizer = openTokenizer(tokenizerFromFiles(olderFiles(folder) ?? {}));
    for (const { text, ids } of readJson<Expected>(folder, "expected.json").strings)
      expect(tokenizer.encode(text).ids, JSON.stringify(text)).toEqual(ids);
  });

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
        count("tokenizer rows");
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
}

interface Model {
  type: string;
  vocab: Record<string, number>;
  merges: (string | [string, string])[];
}
interface TokenizerFile {
  model: Model;
  normalizer: { lowercase?: boolean } | null;
  added_tokens: { content: string; id: number }[];
}
/** The files that older models have instead of a tokenizer.json, where it can be written so. */
function olderFiles(folder: string): TokenizerBytes | undefined {
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  const { model, normalizer, added_tokens: added } = readJson<TokenizerFile>(folder, "tokenizer.json");
  const small = model.type === "WordPiece" ? { do_lower_case: normalizer?.lowercase } : {};
  const config = bytesOf(JSON.stringify({ ...readJson<object>(folder, "tokenizer_config.json"), ...small }));
  const more = bytesOf(JSON.stringify(Object.fromEntries(added.map(({ content, id }) => [content, id]))));
  const files = { "tokenizer_config.json": config, "added_tokens.json": more };
  if (model.type === "WordPiece") {
    const words = Object.keys(model.vocab).sort((a, b) => (model.vocab[a] ?? 0) - (model.vocab[b] ?? 0));
    return { ...files, "vocab.txt": bytesOf(`${words.join("\n")}\n`) };
  }
  const merges = model.merges?.map((merge) => (typeof merge === "string" ? merge : merge.join(" ")));
  const text = `#version: 0.2\n${merges?.join("\n")}\n`;
  return { ...files, "vocab.json": bytesOf(JSON.stringify(model.vocab)), "merges.txt": bytesOf(text) };
}
