/** Conversations as LLaVA's own code writes them: text, ids and labels, prompts, and batches of them. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { turnsIn } from "#models/files/conversations/turns";
import { type ConversationForm, writeConversation, writePrompt } from "#models/files/tokenizers/conversation";
import type { TokenizerFiles } from "#models/files/tokenizers/open";
import type { Tensor } from "#nodes/core/values";
import { conversationTemplate } from "#nodes/text/conversation-template";
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
}
interface Expected {
  tokenizers: string;
  picture_id: number;
  ignore: number;
  cases: Case[];
}

export function testConversations(): void {
  if (!hasPart(part)) return;
  const { tokenizers, picture_id: placeholder, cases } = jsonOf<Expected>(part, "expected.json");

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
      const prompt = writePrompt(files, turns, { ...form, hasPictures: true });
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
  });
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
