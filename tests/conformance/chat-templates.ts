/** Chat templates of the set: every conversation, as transformers writes it. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Message, renderChat } from "#models/files/tokenizers/chat-template";
import { openTokenizer } from "#models/files/tokenizers/open";
import { count } from "./counts";
import { foldersOf, readJson } from "./files";
import { setFolder } from "./set";

interface Expected {
  tokenizer: string;
  special_tokens: Record<string, string>;
  conversations: { messages: Message[]; kwargs: Record<string, unknown>; rendered: string; ids: number[] }[];
}

export function testChatTemplates(): void {
  const folders = foldersOf("chat-templates");

  describe.each(folders.map((folder) => [basename(folder), folder]))("the chat template %s", (_, folder) => {
    const { tokenizer: name, special_tokens: special, conversations } = readJson<Expected>(folder, "expected.json");
    const template = readFileSync(join(folder, "chat_template.jinja"), "utf8");
    const tokenizer = openTokenizer({
      json: readJson(setFolder, "tokenizers", name, "tokenizer.json"),
      config: readJson(setFolder, "tokenizers", name, "tokenizer_config.json"),
    });

    it("writes every conversation, letter by letter", () => {
      for (const { messages, kwargs, rendered, ids } of conversations) {
        const { add_generation_prompt: asks, continue_final_message: continues, ...others } = kwargs;
        const ending = continues ? "continue" : asks ? "ask" : "closed";
        const text = renderChat(template, messages, { ending, variables: { ...special, ...others } });
        expect(text).toBe(rendered);
        expect(tokenizer.encode(text, { special: false }).ids).toEqual(ids);
        count("renderings");
      }
    });
  });
}
