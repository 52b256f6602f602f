import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runNode, testHost } from "#tests/kit/run-node";
import type { Tensor } from "../core/values";
import { conversationTemplate } from "./conversation-template";

const tokenizerOf = (name: string) => {
  const read = (file: string) =>
    JSON.parse(readFileSync(join("tests/fixtures/conformance/tokenizers", name, file), "utf8"));
  return { json: read("tokenizer.json"), config: read("tokenizer_config.json") };
};
const qwen = tokenizerOf("qwen2");

const said = (...values: string[]): string =>
  JSON.stringify(values.map((value, i) => ({ from: i % 2 ? "gpt" : "human", value })));
const numbersOf = (tensor: Tensor): number[] => Array.from(tensor.data as BigInt64Array, Number);

describe("the conversation template", () => {
  it("ends where the assistant is to answer, and gives the answer that it left away", async () => {
    const rows = [said("<image>\nWhat?", "A ship.", "Sure?", "Yes."), said("Hello?")];
    const asked = await runNode(
      conversationTemplate,
      { conversation: rows, tokenizer: qwen },
      { ending: "ask", side: "left", placeholder: 7 },
    );
    expect(asked.text[0]).toMatch(
      /A ship\.<\|im_end\|>\n<\|im_start\|>user\nSure\?<\|im_end\|>\n<\|im_start\|>assistant\n$/,
    );
    expect(asked.answer).toEqual(["Yes.", ""]);
    const [rowCount = 0, width = 0] = asked.ids.shape;
    expect([rowCount, asked.labels.shape]).toEqual([2, [2, width]]);
    expect(new Set(numbersOf(asked.labels))).toEqual(new Set([-100]));
    expect(numbersOf(asked.ids).filter((id) => id === 7)).toHaveLength(1);
    expect(numbersOf(asked.mask)[width]).toBe(0); // padded at the left
    expect(numbersOf(asked.mask).at(-1)).toBe(1);
  });

  it("reads <image> as text in rows without pictures", async () => {
    const conversation = [said("What does <image> mean?", "A picture.")];
    const written = await runNode(conversationTemplate, { conversation, tokenizer: qwen, kind: ["text"] });
    expect(numbersOf(written.ids)).not.toContain(-200);
    expect(written.text[0]).toContain("What does <image> mean?");
  });

  it("reads role and content, and skips one turn before the human's", async () => {
    const turns = [
      { role: "assistant", content: "I speak first." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello." },
    ];
    const conversation = [JSON.stringify(turns)];
    const written = await runNode(conversationTemplate, { conversation, tokenizer: qwen });
    expect(written.text[0]).not.toContain("I speak first.");
    expect(written.text[0]).toMatch(/user\nHi.*assistant\nHello\./s);
  });

  it("counts rows that are cut, and those that teach nothing", async () => {
    const warnings: string[] = [];
    const host = await testHost({ onWarn: (message) => warnings.push(message) });
    const conversation = [said("Say ASSISTANT: yes", "No."), said("Hi", "Hello.")];
    const llama = { conversation, tokenizer: tokenizerOf("llama2") };
    await runNode(conversationTemplate, llama, { template: "v1", system: "Short." }, host);
    expect(warnings.join()).toMatch(/^Of 1 row nothing is learned/);
    const shown = [said("x ".repeat(40), "y", "<image><image>", "z"), ...conversation.slice(1)];
    await runNode(conversationTemplate, { conversation: shown, tokenizer: qwen }, { length: 4 }, host);
    expect(warnings.join()).toContain("2 rows are longer than 4 tokens and cut.");
    expect(warnings.join()).toContain("2 pictures have lost their place so");
  });

  it.each([
    ["no JSON", "hello", "qwen", "Row 1 cannot be written: it is no JSON: “hello”."],
    ["an unknown speaker", '[{"from": "nobody", "value": "x"}]', "qwen", "turn 1 is said by “nobody”"],
    ["a turn without text", '[{"from": "human"}]', "qwen", "turn 1 has no text"],
    ["two turns of one", said("a", "b").replace("gpt", "human"), "v1", "turn 2 is out of order"],
    ["a caption of many turns", said("<image>", "b", "c", "d"), "plain", "one turn of human, one of gpt"],
    ["a caption of no picture", said("a", "b"), "plain", "it has no picture"],
  ])("refuses %s", (_, conversation, template, message) =>
    expect(
      runNode(conversationTemplate, { conversation: [conversation], tokenizer: qwen }, { template }),
    ).rejects.toThrow(message));

  it("says that a tokenizer without Qwen's marks is none for its template", () =>
    expect(
      runNode(conversationTemplate, { conversation: [said("a", "b")], tokenizer: tokenizerOf("llama2") }),
    ).rejects.toThrow("The tokenizer has no token <|im_start|>"));
});
