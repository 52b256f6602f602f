import { describe, expect, it } from "vitest";
import { openChat } from "./chat";

const folder = "tests/fixtures/conformance/qwen2";
const greedy = { max_new_tokens: 8, do_sample: false, eos_token_id: null };
const running = new AbortController().signal;

describe("a conversation with a folder's model", () => {
  it("streams its answers, and reads a second question behind what was said as if all were new", async () => {
    const chat = await openChat(folder, greedy);
    const pieces: string[] = [];
    const first = await chat.say("a red boat", (piece) => void pieces.push(piece), running);
    expect(first.made).toBe(8);
    expect(pieces.join("")).toBe(first.text);
    const second = await chat.say("and a cat", () => {}, running);
    await chat.close();

    const other = await openChat(folder, greedy);
    await other.say("something else altogether", () => {}, running);
    other.begin();
    expect(await other.say("a red boat", () => {}, running)).toMatchObject({ text: first.text });
    expect(await other.say("and a cat", () => {}, running)).toMatchObject({ text: second.text, read: second.read });
    await other.close();
  });

  it("keeps what was said when an answer is broken off", async () => {
    const chat = await openChat(folder, { ...greedy, max_new_tokens: 100_000 });
    const controller = new AbortController();
    const answer = await chat.say("a red boat", () => controller.abort(), controller.signal);
    expect(answer.made).toBeGreaterThan(0);
    expect(answer.made).toBeLessThan(100_000);
    await chat.close();
  });

  it("names what a model without a template lacks", async () => {
    await expect(openChat("tests/fixtures/conformance/gpt2", greedy)).rejects.toThrow("has no chat template");
  });
});
