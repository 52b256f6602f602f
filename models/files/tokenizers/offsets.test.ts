import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openTokenizer } from "./open";

interface Told {
  files: Record<string, number[][]>;
  variants: Record<string, { base: string; parts: object; texts: string[]; ids: number[][]; offsets: number[][] }>;
}
interface Texts {
  strings: { text: string }[];
}

const fixtures = new URL("../../../tests/fixtures/", import.meta.url);
const read = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, fixtures), "utf8")) as T;
const told = read<Told>("offsets.json");
const filesOf = (name: string) => ({
  json: read<Record<string, unknown>>(`conformance/tokenizers/${name}/tokenizer.json`),
  config: {},
});

/** What differs, by text: an empty list is what a test wants. */
function differences(
  tokenizer: ReturnType<typeof openTokenizer>,
  texts: string[],
  offsets: number[][],
  ids?: number[][],
) {
  return texts.flatMap((text, row) => {
    const encoded = tokenizer.encode(text, { offsets: true });
    const got = JSON.stringify([encoded.offsets?.flat(), ids && encoded.ids]);
    const want = JSON.stringify([offsets[row], ids?.[row]]);
    return got === want ? [] : [{ text, got, want }];
  });
}

describe("where tokens come from", () => {
  it.each(Object.entries(told.files))("is what Hugging Face's library tells: %s", (name, offsets) => {
    const texts = read<Texts>(`conformance/tokenizers/${name}/expected.json`).strings.map(({ text }) => text);
    expect(texts).toHaveLength(offsets.length);
    expect(differences(openTokenizer(filesOf(name)), texts, offsets)).toEqual([]);
  });
  it.each(Object.entries(told.variants))("is the same with other parts: %s", (_, {
    base,
    parts,
    texts,
    ids,
    offsets,
  }) => {
    const { json, config } = filesOf(base);
    const tokenizer = openTokenizer({ json: { ...json, ...parts }, config });
    expect(differences(tokenizer, texts, offsets, ids)).toEqual([]);
  });
});
