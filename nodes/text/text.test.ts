import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe as group, expect, it, vi } from "vitest";
import { ids, runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import type { Tensor } from "../core/values";
import { describe } from "./describe";
import { input } from "./input";
import { labelIds } from "./label-ids";
import { lengthBuckets } from "./length-buckets";
import { loadTokenizer } from "./load-tokenizer";
import { prompts } from "./prompts";
import { tokenize } from "./tokenize";
import { tokenizerFromFiles } from "#models/files/tokenizers/from-files";
import { openTokenizer } from "#models/files/tokenizers/open";
import { chatTemplate } from "./chat-template";
import { trainTokenizer } from "./train-tokenizer";
import { trim } from "./trim";
import { wordPieces } from "./word-pieces";

group("text", () => {
  it("gives one text per line and leaves out empty ones", async () =>
    expect((await runNode(input, {}, { text: " a \n\nb" })).text).toEqual(["a", "b"]));
  it("puts every name into every template, name by name", async () => {
    expect((await runNode(prompts, { text: ["cat", "dog"] }, { templates: "a {}\nthe {} of {}" })).text).toEqual([
      "a cat",
      "the cat of cat",
      "a dog",
      "the dog of dog",
    ]);
    expect(prompts.check?.({ templates: "a photo" } as never)?.message).toContain("has no {}");
    const longer = runNode(prompts, { text: ["x".repeat(2 ** 26), "y"] }, { templates: "{} and {}\n{} or {}" });
    await expect(longer).rejects.toThrow("2 names in 2 templates are 4 texts");
  });
  it("describes by name, keywords or both, differently in each step and the same for the same seed", async () => {
    const run = async (params: object, step = 1) =>
      (
        await runNode(
          describe,
          { name: ["cat", "moon"], keywords: ["pet, kitten, cat", ""] },
          { ...params },
          await testHost({ seed: ["s", step] }),
        )
      ).text;
    expect(await run({ both: 0, keywords: 0 })).toEqual(["cat", "moon"]);
    expect((await run({ both: 1, keywords: 0 }))[0]).toMatch(/^cat, (pet|kitten)/);
    expect((await run({ both: 0, keywords: 1 }))[0]).toMatch(/^(pet|kitten)(, (pet|kitten))?$/);
    expect(await run({ both: 0, keywords: 0, templates: "a drawing of {}" })).toEqual([
      "a drawing of cat",
      "a drawing of moon",
    ]);
    const many = await Promise.all(Array.from({ length: 20 }, (_, step) => run({ both: 0.5, keywords: 0.3 }, step)));
    expect(new Set(many.map(String)).size).toBeGreaterThan(1);
    expect(await run({}, 3)).toEqual(await run({}, 3));
  });
});

group("label ids", () => {
  it("number classes alphabetically, or as wired, and give the classes back", async () => {
    const { ids, classes } = await runNode(labelIds, { text: ["dog", "cat", "dog"] });
    expect([ids.shape, Array.from(ids.data, Number), classes]).toEqual([[3], [1, 0, 1], ["cat", "dog"]]);
    expect(Array.from((await runNode(labelIds, { text: ["cat"], classes: ["dog", "cat"] })).ids.data, Number)).toEqual([
      1,
    ]);
  });
  it("refuse a text that is no class, and a class that occurs twice", async () => {
    await expect(runNode(labelIds, { text: ["cow"], classes: ["dog", "cat"] })).rejects.toThrow(
      "“cow” of row 1 is not among the 2 classes.",
    );
    await expect(runNode(labelIds, { text: ["dog"], classes: ["dog", "dog"] })).rejects.toThrow("A class occurs twice");
  });
});

group("tokens", () => {
  it("packs [start] tokens [end] and zeros, and ends a long text with [end]", async () => {
    const { tokenizer } = await runNode(
      trainTokenizer,
      { text: [["red apple", "green apple", "red heart"]] },
      { vocabulary: 530 },
    );
    const size = Object.keys((tokenizer.json.model as { vocab: object }).vocab).length;
    const { ids } = await runNode(tokenize, { text: ["red", "red apple green heart apple"], tokenizer }, { length: 6 });
    const rows = Array.from(ids.data as BigInt64Array, Number);
    expect(ids.shape).toEqual([2, 6]);
    expect([rows[0], rows[2], rows[3]]).toEqual([size - 2, size - 1, 0]);
    expect([rows[6], rows[11]]).toEqual([size - 2, size - 1]);
    expect(rows.slice(7, 11).every((id) => id > 0 && id < size - 2)).toBe(true);
  });
  it("learns word pieces, whole words where they are frequent, and tells which tokens go on a word", async () => {
    const texts = ["a red circle", "a red square", "a reddish circle"];
    const { tokenizer } = await runNode(trainTokenizer, { text: [texts] }, { form: "bert", vocabulary: 40 });
    const params = { packing: "own", length: 8 };
    const { ids } = await runNode(tokenize, { text: ["A red circle", "redis"], tokenizer }, params);
    const { pieces } = await runNode(wordPieces, { ids, tokenizer });
    const rows = Array.from(ids.data as BigInt64Array, Number);
    expect([rows[0], rows[4], rows[5], rows[7]]).toEqual([2, 3, 0, 0]);
    expect(rows.slice(1, 4).every((id) => id > 5)).toBe(true);
    expect(rows[9]).toBe(rows[2]);
    expect(Array.from(pieces.data, Number)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
    await expect(runNode(trainTokenizer, { text: [texts] }, { vocabulary: 100 })).rejects.toThrow("514");
  });
  it("gives 49406 and 49407 for start and end of text behind as many bytes and merges as CLIP has", async () => {
    const { tokenizer: bytes } = await runNode(trainTokenizer, { text: [["a"]] }, { vocabulary: 514 });
    const symbols = Object.keys((bytes.json.model as { vocab: object }).vocab);
    const ends = symbols.filter((symbol) => symbol.endsWith("</w>"));
    const letters = ends.map((symbol) => symbol.replace("</w>", ""));
    const merges = letters.flatMap((letter) => ends.map((end) => `${letter} ${end}`)).slice(0, 48_894);
    const joined = merges.map((merge) => merge.replace(" ", ""));
    const tokens = [...letters, ...ends, ...joined, "<|startoftext|>", "<|endoftext|>"];
    const file = (text: string) => new TextEncoder().encode(text);
    const tokenizer = tokenizerFromFiles({
      "vocab.json": file(JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id])))),
      "merges.txt": file(merges.join("\n")),
    });
    const { ids } = await runNode(tokenize, { text: ["ab"], tokenizer }, { packing: "clip", length: 5 });
    expect(Array.from(ids.data as BigInt64Array, Number)).toEqual([49406, tokens.indexOf("ab</w>"), 49407, 0, 0]);
  });
  it("names an end token where that is asked for, at which a language model stops", async () => {
    const given = await runNode(trainTokenizer, { text: [["red apple"]] }, { vocabulary: 530, ends: true });
    expect(given.tokenizer.config).toEqual({ bos_token: "<|startoftext|>", eos_token: "<|endoftext|>" });
    const open = openTokenizer(given.tokenizer);
    expect(open.roleId("eos_token")).toBe((open.roleId("bos_token") as number) + 1);
    const { text } = await runNode(
      chatTemplate,
      { text: ["red?"], answer: ["apple"], tokenizer: given.tokenizer },
      { ending: "closed", template: "{{ messages[0].content }} {{ messages[1].content }}{{ eos_token }}" },
    );
    expect(text).toEqual(["red? apple<|endoftext|>"]);
  });
  it("tells how many texts are cut or empty, and whether that makes them the same", async () => {
    const words = ["one", "two", "three", "four", "five", "six"];
    const { tokenizer } = await runNode(trainTokenizer, { text: [words] }, { vocabulary: 540 });
    const warningsOf = async (text: string[], length: number): Promise<string[]> => {
      const warnings: string[] = [];
      const host = await testHost({ onWarn: (message) => warnings.push(message) });
      await runNode(tokenize, { text, tokenizer }, { length }, host);
      return warnings;
    };
    const long = words.map((word) => `two two two two ${word}`);
    expect(await warningsOf(long, 4)).toEqual([
      expect.stringMatching(
        /^6 of 6 texts are longer than the context of 4 tokens and are cut, which makes them all the same\. The longest/,
      ),
    ]);
    expect(await warningsOf([...long.slice(0, 2), "o"], 4)).toEqual([
      expect.stringContaining(
        "2 of 3 texts are longer than the context of 4 tokens and are cut, which makes 2 of them",
      ),
    ]);
    expect(await warningsOf(["two two two two", "two two two two"], 4)).toEqual([
      expect.stringMatching(/^2 of 2 texts are longer than the context of 4 tokens and are cut\. The longest has \d+/),
    ]);
    expect(await warningsOf(["", " ", "six"], 40)).toEqual([expect.stringMatching(/^2 of 3 texts are empty/)]);
    expect(await warningsOf(words, 40)).toEqual([]);
  });
  it("packs as the tokenizer itself does, one text or two, up to a length, at either side", async () => {
    const vocab = { "[PAD]": 0, "[CLS]": 1, "[SEP]": 2, a: 3, b: 4, c: 5 };
    const bert = { type: "BertProcessing", cls: ["[CLS]", 1], sep: ["[SEP]", 2] };
    const model = { type: "WordPiece", vocab, unk_token: "[PAD]", continuing_subword_prefix: "##" };
    const json = { model, pre_tokenizer: { type: "WhitespaceSplit" }, post_processor: bert };
    const tokenizer = { json, config: { pad_token: "[PAD]" } };
    const packed = async (inputs: object, params: object) => {
      const found = await runNode(tokenize, { tokenizer, ...inputs }, { packing: "own", length: 6, ...params });
      return [found.ids, found.mask, found.types].map(({ data }) => Array.from(data as BigInt64Array, Number).join(""));
    };
    expect(await packed({ text: ["a b"] }, {})).toEqual(["134200", "111100", "000000"]);
    expect(await packed({ text: ["a b", "c"] }, { padding: "longest" })).toEqual(["13421520", "11111110", "00000000"]);
    expect(await packed({ text: ["a"] }, { side: "left" })).toEqual(["000132", "000111", "000000"]);
    expect(await packed({ text: ["a"], pair: ["b"] }, {})).toEqual(["132420", "111110", "000110"]);
    expect(await packed({ text: ["a b c a b"] }, { cut: "left", length: 4 })).toEqual(["1342", "1111", "0000"]);
    expect(await packed({ text: ["a"] }, { special: false })).toEqual(["300000", "100000", "000000"]);
    await expect(packed({ text: ["a"], pair: ["b"] }, { packing: "clip" })).rejects.toThrow("holds one text a row");
    await expect(packed({ text: ["a"] }, { packing: "clip" })).rejects.toThrow("has no token <|startoftext|>");
  });
  it("says where in its text each token comes from, where that is asked for", async () => {
    const vocab = { "[UNK]": 0, "<|startoftext|>": 1, "<|endoftext|>": 2, cat: 3, "##s": 4 };
    const model = { type: "WordPiece", vocab, unk_token: "[UNK]", continuing_subword_prefix: "##" };
    const tokenizer = { json: { model, pre_tokenizer: { type: "WhitespaceSplit" } }, config: {} };
    const placesOf = async (params: object, pair?: string[]) => {
      const inputs = { text: ["😀 cats", "cat"], tokenizer, ...(pair && { pair }) };
      const { offsets } = (await runNode(tokenize, inputs, { offsets: true, ...params })) as Record<string, Tensor>;
      return [offsets?.shape, Array.from((offsets?.data ?? []) as BigInt64Array, Number)];
    };
    expect(await placesOf({ length: 6 })).toEqual([
      [2, 6, 2],
      [
        [0, 0, 0, 1, 2, 5, 5, 6, 0, 0, 0, 0],
        [0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0],
      ].flat(),
    ]);
    expect(await placesOf({ packing: "own", padding: "longest", side: "left" }, ["cat", "cat"])).toEqual([
      [2, 4, 2],
      [
        [0, 1, 2, 5, 5, 6, 0, 3],
        [0, 0, 0, 0, 0, 3, 0, 3],
      ].flat(),
    ]);
    expect(await runNode(tokenize, { text: ["cat"], tokenizer })).not.toHaveProperty("offsets");
  });
  it("loads the tokenizer of a model's folder, with its configuration and chat template", async () => {
    const folder = await temporaryFolder();
    const vocab = { "<unk>": 0, a: 1, b: 2, ab: 3 };
    await writeFile(join(folder, "vocab.json"), JSON.stringify(vocab));
    await writeFile(join(folder, "merges.txt"), "#version: 0.2\na b\n");
    await writeFile(join(folder, "tokenizer_config.json"), '{"unk_token": "<unk>", "chat_template": "x"}');
    const host = await testHost({ folders: [folder] });
    const { tokenizer } = await runNode(loadTokenizer, {}, { source: "folder", folder }, host);
    expect(tokenizer.config.chat_template).toBe("x");
    const { ids } = await runNode(tokenize, { text: ["aba"], tokenizer }, { packing: "own", padding: "longest" });
    expect(Array.from(ids.data as BigInt64Array, Number)).toEqual([3, 1]);
  });
  it("loads the tokenizer of a model of the hub, from where Hugging Face's tools left it", async () => {
    const cache = await temporaryFolder();
    const commit = "c".repeat(40);
    const folder = join(cache, "models--owner--name", "snapshots", commit);
    await mkdir(folder, { recursive: true });
    const model = { type: "WordPiece", vocab: { a: 0 }, unk_token: "a", continuing_subword_prefix: "##" };
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify({ model }));
    vi.stubEnv("HF_HUB_CACHE", cache);
    const host = await testHost();
    vi.unstubAllEnvs();
    const params = { source: "hub", model: "owner/name", revision: commit };
    expect((await runNode(loadTokenizer, {}, params, host)).tokenizer.json).toEqual({ model });
    expect(await loadTokenizer.fingerprint?.({ host, params: params as never })).toBe(commit);
    await expect(runNode(loadTokenizer, {}, { ...params, revision: "main" }, host)).rejects.toThrow(
      "“owner/name” at main does not lie in the hub's cache, and is not downloaded.",
    );
  });
  it("explains a tokenizer that is none", async () => {
    await expect(runNode(tokenize, { text: ["a"], tokenizer: { json: {}, config: {} } })).rejects.toThrow(
      "The tokenizer cannot be read.",
    );
    const host = await testHost();
    const ref = await host.put(new TextEncoder().encode("{]"));
    await expect(runNode(loadTokenizer, {}, { source: "upload", file: { ref } }, host)).rejects.toThrow(
      "it is no JSON",
    );
    await expect(runNode(loadTokenizer, {}, { shipped: "nothing-there" })).rejects.toThrow("has no file");
  });
  it("loads what ships", async () => expect((await runNode(loadTokenizer, {})).tokenizer.json.model).toBeDefined());
  it("cuts the padding that all texts of a batch share, and says which texts may meet", async () => {
    const padded = ids(
      [3, 12],
      [9, 5, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    );
    const { ids: cut } = await runNode(trim, { ids: padded }, { multiple: 4 });
    expect(cut.shape).toEqual([3, 8]);
    expect([...(cut.data as BigInt64Array)].map(Number)).toEqual([
      9, 5, 8, 0, 0, 0, 0, 0, 9, 5, 6, 7, 8, 0, 0, 0, 9, 8, 0, 0, 0, 0, 0, 0,
    ]);
    expect((await runNode(lengthBuckets, { ids: padded }, { multiple: 4 })).bucket).toEqual(["4", "8", "4"]);
  });
  it("are put into buckets by their mask, or by their words, and apart by a name", async () => {
    const mask = ids([2, 4], [0, 0, 1, 1, 1, 1, 1, 1]);
    const filled = ids([2, 4], [9, 9, 5, 6, 5, 6, 7, 8]);
    expect((await runNode(lengthBuckets, { ids: filled, mask }, { multiple: 1 })).bucket).toEqual(["2", "4"]);
    const text = ["a b c", "a b c d e", "one"];
    const name = ["text", "single", "text"];
    expect((await runNode(lengthBuckets, { text, name }, { multiple: 4 })).bucket).toEqual([
      "text 4",
      "single 8",
      "text 4",
    ]);
    await expect(runNode(lengthBuckets, { name })).rejects.toThrow("neither ids nor texts are wired");
  });
});

group("chat template", () => {
  const vocab = Object.fromEntries(
    ["<pad>", "<u>", "<a>", "</s>", "hi", "yes", "no", "<s>"].map((token, id) => [token, id]),
  );
  const model = { type: "WordPiece", vocab, unk_token: "<pad>", continuing_subword_prefix: "##" };
  const json = { model, pre_tokenizer: { type: "WhitespaceSplit" } };
  const template =
    "{{ bos_token if bos_token }}{% for m in messages %}{{ ' <u> ' if m.role == 'user' else ' <a> ' }}" +
    "{{ m.content }}{{ ' </s>' if m.role == 'assistant' }}{% endfor %}{% if add_generation_prompt %} <a>{% endif %}";
  const tokenizer = { json, config: { pad_token: "<pad>", bos_token: { content: "<s>" }, chat_template: template } };
  const numbers = ({ data }: { data: unknown }) => Array.from(data as BigInt64Array, Number);

  it("asks a question, padded at the left", async () => {
    const { text, ids, mask } = await runNode(chatTemplate, { text: ["hi", "yes no"], tokenizer });
    expect(text).toEqual(["<s> <u> hi <a>", "<s> <u> yes no <a>"]);
    expect(numbers(ids)).toEqual([0, 7, 1, 4, 2, 7, 1, 5, 6, 2]);
    expect(numbers(mask)).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });
  it("teaches what the assistant says, and nothing else", async () => {
    const inputs = { text: ["hi"], answer: ["yes"], tokenizer };
    const { ids, labels } = await runNode(chatTemplate, inputs, { ending: "closed", padding: "length", length: 8 });
    expect(numbers(ids)).toEqual([0, 0, 7, 1, 4, 2, 5, 3]);
    expect(numbers(labels)).toEqual([-100, -100, -100, -100, -100, -100, 5, 3]);
  });
  it("reads whole conversations, in LLaVA's form too", async () => {
    const openai = JSON.stringify([{ role: "user", content: "hi" }]);
    const llava = JSON.stringify([
      { from: "human", value: "hi" },
      { from: "gpt", value: "no" },
    ]);
    const params = { rows: "messages", ending: "closed" };
    const { text } = await runNode(chatTemplate, { text: [openai, llava], tokenizer }, params);
    expect(text).toEqual(["<s> <u> hi", "<s> <u> hi <a> no </s>"]);
    await expect(runNode(chatTemplate, { text: ["hi"], tokenizer }, params)).rejects.toThrow(
      "Row 1 is no conversation: “hi”.",
    );
  });
  it("cuts what is too long, and tells", async () => {
    const warnings: string[] = [];
    const host = await testHost({ onWarn: (message) => warnings.push(message) });
    const { ids } = await runNode(chatTemplate, { text: ["hi hi hi"], tokenizer }, { length: 2 }, host);
    expect(numbers(ids)).toEqual([4, 2]);
    expect(warnings).toEqual(["1 row is longer than 2 tokens and cut."]);
  });
  it("says what is missing or does not go together", async () => {
    const bare = { json, config: {} };
    await expect(runNode(chatTemplate, { text: ["hi"], tokenizer: bare })).rejects.toThrow("has no chat template");
    expect(chatTemplate.check?.({ variables: "{", rows: "question", system: "" } as never)?.param).toBe("variables");
    const named = {
      json,
      config: {
        chat_template: [
          { name: "tool_use", template: "x" },
          { name: "default", template: "y" },
        ],
      },
    };
    expect((await runNode(chatTemplate, { text: ["hi"], tokenizer: named })).text).toEqual(["y"]);
  });
});
