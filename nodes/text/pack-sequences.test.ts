import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Tensor } from "../core/values";
import { ids, runNode, testHost } from "#tests/kit/run-node";
import { conversationTemplate } from "./conversation-template";
import { packSequences } from "./pack-sequences";

const rowsOf = ({ shape, data }: Tensor) =>
  Array.from({ length: shape[0] ?? 0 }, (_, row) =>
    Array.from(data.slice(row * (shape[1] ?? 0), (row + 1) * (shape[1] ?? 0)), Number),
  );

describe("pack sequences", () => {
  const inputs = {
    ids: ids([4, 4], [1, 2, 3, 0, 0, 0, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0]),
    mask: ids([4, 4], [1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
    labels: ids([4, 4], [-100, 2, 3, -100, -100, -100, 4, 5, 6, 7, -100, 9, -100, -100, -100, -100]),
  };
  it("puts rows where they leave the least room, with positions, numbers and labels of each", async () => {
    const packed = await runNode(packSequences, inputs, { length: 6 });
    expect(rowsOf(packed.ids)).toEqual([
      [1, 2, 3, 4, 5, 0],
      [6, 7, 8, 9, 0, 0],
    ]);
    expect(rowsOf(packed.mask)).toEqual([
      [1, 1, 1, 2, 2, 0],
      [1, 1, 1, 1, 0, 0],
    ]);
    expect(rowsOf(packed.positions)).toEqual([
      [0, 1, 2, 0, 1, 0],
      [0, 1, 2, 3, 0, 0],
    ]);
    expect(rowsOf(packed.labels)).toEqual([
      [-100, 2, 3, -100, 5, -100],
      [-100, 7, -100, 9, -100, -100],
    ]);
  });
  it("learns all tokens but each first without labels, and cuts what is too long with a warning", async () => {
    const warnings: string[] = [];
    const host = await testHost({ onWarn: (message) => void warnings.push(message) });
    const packed = await runNode(packSequences, { ids: inputs.ids, mask: inputs.mask }, { length: 3 }, host);
    expect(rowsOf(packed.labels)).toEqual([
      [-100, 2, 3],
      [-100, 5, -100],
      [-100, 7, 8],
    ]);
    expect(warnings).toEqual(["1 row is longer than 3 tokens and cut."]);
  });
  it("takes conversations of text, whose answers stay what is learned", async () => {
    const said = (question: string, answer: string) =>
      JSON.stringify([
        { from: "human", value: question },
        { from: "gpt", value: answer },
      ]);
    const conversation = [said("Hi", "Hello."), said("What is red?", "A rose."), said("Bye", "Bye.")];
    const folder = "tests/fixtures/conformance/tokenizers/qwen2";
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
    const tokenizer = { json: read("tokenizer.json"), config: read("tokenizer_config.json") };
    const written = await runNode(conversationTemplate, { conversation, tokenizer }, { system: "-" });
    const packed = await runNode(packSequences, written, { length: 256 });
    expect(packed.ids.shape).toEqual([1, 256]);
    const counts = rowsOf(written.mask).map((row) => row.filter((mark) => mark === 1).length);
    const starts = counts.map((_, row) => counts.slice(0, row).reduce((sum, count) => sum + count, 0));
    const [ids = [], labels = []] = [packed.ids, packed.labels].map((tensor) => rowsOf(tensor)[0]);
    for (const [row, start] of starts.entries()) {
      const end = start + (counts[row] as number);
      expect(ids.slice(start, end)).toEqual(rowsOf(written.ids)[row]?.slice(0, counts[row]));
      expect(labels.slice(start + 1, end)).toEqual(rowsOf(written.labels)[row]?.slice(1, counts[row]));
      expect(labels.slice(start, end).some((label) => label >= 0)).toBe(true);
    }
  });
});
