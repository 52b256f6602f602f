/** Conversations as LLaVA's own code writes them: text, ids and labels, prompts, and batches of them. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { turnsIn } from "#models/files/conversations/turns";
import { type ConversationForm, writeConversation, writePrompt } from "#models/files/tokenizers/conversation";
import type { TokenizerFiles } from "#models/files/tokenizers/open";
import { packRows } from "#nodes/core/packing";
import type { Tensor } from "#nodes/core/values";
import { conversationTemplate } from "#nodes/text/conversation-template";
import { placeImages } from "#nodes/text/place-images";
import { count } from "#tests/conformance/counts";
import { runNode } from "#tests/kit/run-node";
import { hasPart, jsonOf, setFolder } from "./set";

const part = "conversations";

interface Case {
  name: string;
  template: "plain" | "v1" | "qwen_1_5";
  tokenizer: string;
  system?: string;
  legacy?: boolean;
  max_length: number;
  has_picture: boolean;
  turns: [string, string][];
  text: string;
  ids: number[];
  labels: number[];
  cut_from?: number;
  prompt?: { text: string; ids: number[] };
  splice?: Spliced & { features: number[]; max_length?: number };
}
/** Where each place of a row is from: a place of its ids, or a feature of a picture. */
interface Spliced<List = number[]> {
  from_text: List;
  from_picture: List;
  from_feature: List;
  labels: List;
}
interface Batch {
  cases: string[];
  features: number[][];
  max_length: number;
  out: Spliced<number[][]> & { attention_mask: number[][]; position_ids: number[][] };
}
interface Expected {
  tokenizers: string;
  picture_id: number;
  ignore: number;
  cases: Case[];
  batches: Batch[];
}

export function testConversations(): void {
  if (!hasPart(part)) return;
  const { tokenizers, picture_id: placeholder, cases, batches } = jsonOf<Expected>(part, "expected.json");

  describe("LLaVA's own conversations", () => {
    it.each(cases)("$name has the text, the ids and the labels that it has there", (one) => {
      const files = tokenizerOf(tokenizers, one.tokenizer);
      const turns = turnsIn(listOf(one));
      const form = formOf(one, placeholder);
      const { text, ids, labels, whole } = writeConversation(files, turns, form);
      expect({ text, ids, labels }).toEqual({ text: one.text, ids: one.ids, labels: one.labels });
      if (one.cut_from !== undefined) expect(whole).toBe(one.cut_from);
      count("conversations");
      if (!one.prompt) return;
      const prompt = writePrompt(files, turns, { ...form, hasPictures: true, length: 1_000_000 });
      expect({ text: prompt.text, ids: prompt.ids }).toEqual(one.prompt);
      count("prompts");
    });

    const alike = [...new Set(cases.map((one) => JSON.stringify(settingsOf(one))))];
    it.each(alike)("the node gives the same in one batch: %s", async (settings) => {
      const batch = cases.filter((one) => JSON.stringify(settingsOf(one)) === settings && one.system !== "");
      const { tokenizer, ...params } = JSON.parse(settings);
      const written = await runNode(
        conversationTemplate,
        {
          conversation: batch.map((one) => JSON.stringify(listOf(one))),
          tokenizer: tokenizerOf(tokenizers, tokenizer),
          kind: batch.map((one) => (one.has_picture ? "single" : "text")),
        },
        { ...params, placeholder },
      );
      expect(written.text).toEqual(batch.map(({ text }) => text));
      for (const [row, { ids, labels }] of batch.entries()) {
        const seen = rowOf(written.mask, row).filter((mark) => mark === 1).length;
        expect(rowOf(written.ids, row).slice(0, seen)).toEqual(ids);
        expect(rowOf(written.labels, row).slice(0, seen)).toEqual(labels);
        expect(new Set(rowOf(written.labels, row).slice(seen))).toEqual(
          new Set(seen < length(written.ids) ? [-100] : []),
        );
      }
      count("batches of conversations");
    });

    const spliced = cases.filter((one) => one.splice);
    if (spliced.length)
      it.each(spliced)("$name makes room for the features of its pictures", async (one) => {
        const { features: all, max_length: length = 1_000_000, ...out } = one.splice as NonNullable<Case["splice"]>;
        // Pictures whose place was cut off with their tokens have none any more.
        const features = one.cut_from ? all.slice(0, one.ids.filter((id) => id === placeholder).length) : all;
        const placed = await placesOf([one], [features], { length, placeholder });
        expect(rowOf(placed.ids, 0)).toEqual(idsOf(out, one, placeholder));
        expect(rowOf(placed.labels, 0)).toEqual(out.labels);
        expectInOrder(out, features, 0);
        count("splices");
      });

    it.each(batches)("$cases make room in one batch", async ({ cases: names, features, max_length: length, out }) => {
      const rows = names.map((name) => cases.find((one) => one.name === name) as Case);
      // A row of text has a blank picture there, of which nothing is used, and none here.
      const used = features.map((some, row) => (rows[row]?.has_picture ? some : []));
      const placed = await placesOf(rows, used, { length, placeholder });
      for (const [row, one] of rows.entries()) {
        const mine = {
          from_text: out.from_text[row] as number[],
          from_picture: out.from_picture[row] as number[],
          from_feature: out.from_feature[row] as number[],
          labels: out.labels[row] as number[],
        };
        const mask = out.attention_mask[row] as number[];
        expect(rowOf(placed.mask, row)).toEqual(mask);
        expect(rowOf(placed.labels, row)).toEqual(mine.labels);
        expect(rowOf(placed.positions, row)).toEqual(out.position_ids[row]);
        const seen = mask.filter((mark) => mark === 1).length;
        expect(rowOf(placed.ids, row).slice(0, seen)).toEqual(idsOf(mine, one, placeholder).slice(0, seen));
        expectInOrder(mine, used[row] as number[], features.slice(0, row).flat().length);
      }
      count("batches of splices");
    });
  });
}

/** What *Image places* makes of rows whose pictures have so many features. */
function placesOf(
  rows: readonly Case[],
  features: readonly number[][],
  params: { length: number; placeholder: number },
) {
  const length = Math.max(...rows.map((row) => row.ids.length));
  const packed = (valuesOf: (row: Case) => readonly number[]) =>
    packRows(rows.map(valuesOf), { length, padding: 0, left: false });
  const tokens: Tensor = {
    dtype: "int64",
    shape: [features.flat().length],
    data: BigInt64Array.from(features.flat(), BigInt),
    counts: features.map((some) => some.length),
  };
  const inputs = {
    ids: packed((row) => row.ids),
    labels: packed((row) => row.labels),
    mask: packed((row) => row.ids.map(() => 1)),
    tokens,
  };
  return runNode(placeImages, inputs, params);
}

const idsOf = ({ from_text }: Spliced, { ids }: Case, placeholder: number): number[] =>
  from_text.map((place) => (place < 0 ? placeholder : (ids[place] as number)));

/** That the places of a row take the features of its pictures in order, as *Splice* does. */
function expectInOrder({ from_picture, from_feature }: Spliced, features: readonly number[], first: number): void {
  const all = features.flatMap((count, picture) =>
    Array.from({ length: count }, (_, feature) => [first + picture, feature]),
  );
  const taken = from_picture.map((picture, i) => [picture, from_feature[i]]).filter(([picture]) => picture !== -1);
  expect(taken).toEqual(all.slice(0, taken.length));
}

const templateOf = ({ template }: Case): ConversationForm["template"] => (template === "qwen_1_5" ? "qwen" : template);

const listOf = ({ turns }: Case): object[] => turns.map(([from, value]) => ({ from, value }));

function formOf(one: Case, placeholder: number): ConversationForm {
  return {
    template: templateOf(one),
    system: one.system,
    legacy: one.legacy,
    length: one.max_length,
    hasPictures: one.has_picture,
    placeholder,
  };
}

/** What the rows of one batch share. */
const settingsOf = (one: Case) => ({
  template: templateOf(one),
  tokenizer: one.tokenizer,
  system: one.system ?? "",
  legacy: one.legacy ?? true,
  length: one.max_length,
});

/** From beside the set, or else from beside ours. */
function tokenizerOf(tokenizers: string, name: string): TokenizerFiles {
  const folders = [resolve(setFolder, tokenizers, name), resolve("tests/fixtures/conformance/tokenizers", name)];
  const folder = folders.find((one) => existsSync(one)) ?? "";
  const read = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8"));
  return { json: read("tokenizer.json"), config: read("tokenizer_config.json") };
}

const length = ({ shape }: Tensor): number => shape[1] ?? 0;

function rowOf(tensor: Tensor, row: number): number[] {
  const width = length(tensor);
  return Array.from(tensor.data as BigInt64Array, Number).slice(row * width, (row + 1) * width);
}
