import { expect, it } from "vitest";
import { languages, snippetOf } from "./snippets";

const called = {
  origin: "http://localhost:3000",
  graph: "id",
  parameters: { "load.source": { value: "upload" }, "load.images": { file: "several" as const } },
  outputs: { "load.name": { byDefault: false }, "norm.embedding": { byDefault: true } },
};

it("sends a file where the graph takes one, and reads what it gives", () => {
  for (const language of languages) expect(snippetOf(called, language)).toContain("load.images");
  expect(snippetOf(called, "Python")).toContain('["norm.embedding"]');
});

it("sends a value where the graph takes no file, quoted for its language", () => {
  const parameters = { "in.text": { value: "it's" } };
  expect(snippetOf({ ...called, parameters }, "curl")).toContain(String.raw`'{"parameters":{"in.text":"it'\''s"}}'`);
  expect(snippetOf({ ...called, parameters }, "TypeScript")).toContain(`{"in.text":"it's"}`);
});
