/** Chat templates of the set: every conversation, as transformers writes it. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Message, renderChat } from "#models/files/tokenizers/chat-template";
import { openTokenizer } from "#models/files/tokenizers/open";
import { conformanceFolder, foldersOf, readJson } from "#tests/kit/conformance-set";

interface Expected {
  tokenizer: string;
  special_tokens: Record<string, string>;
  conversations: { messages: Message[]; kwargs: Record<string, unknown>; rendered: string; ids: number[] }[];
}

const folders = foldersOf("chat-templates");
it("there are chat templates", () => expect(folders.length).toBeGreaterThan(0));

describe.each(folders.map((folder) => [basename(folder), folder]))("the chat template %s", (_, folder) => {
  const { tokenizer: name, special_tokens: special, conversations } = readJson<Expected>(folder, "expected.json");
  const template = readFileSync(join(folder, "chat_template.jinja"), "utf8");
  const tokenizer = openTokenizer({
    json: readJson(conformanceFolder, "tokenizers", name, "tokenizer.json"),
    config: readJson(conformanceFolder, "tokenizers", name, "tokenizer_config.json"),
  });

  it("writes every conversation, letter by letter", () => {
    for (const { messages, kwargs, rendered, ids } of conversations) {
      const { add_generation_prompt: asks, continue_final_message: continues, ...others } = kwargs;
      const ending = continues ? "continue" : asks ? "ask" : "closed";
      const text = renderChat(template, messages, { ending, variables: { ...special, ...others } });
      expect(text).toBe(rendered);
      expect(tokenizer.encode(text, { special: false }).ids).toEqual(ids);
    }
  });
});
