import { describe, expect, it } from "vitest";
import { runNode } from "#tests/kit/run-node";
import { askPictures } from "./ask-pictures";

const picture = (name: string) => ({ ref: "0".repeat(64), width: 1, height: 1, name });
const image = (...names: string[]) => ({ files: names.map(picture) });
const asked = async (pictures: string[], question: string[], params = {}) => {
  const result = await runNode(askPictures, { image: image(...pictures), question }, params);
  const names = "files" in result.image ? result.image.files.map(({ name }) => name) : [];
  return result.question.map((text, row) => `${names[row]} ${text}`);
};

describe("pictures and questions", () => {
  it("go in pairs, one question to all pictures, or all questions to one picture", async () => {
    expect(await asked(["a", "b"], ["1", "2"])).toEqual(["a 1", "b 2"]);
    expect(await asked(["a", "b"], ["1"])).toEqual(["a 1", "b 1"]);
    expect(await asked(["a"], ["1", "2"])).toEqual(["a 1", "a 2"]);
    expect(await asked(["a", "b"], ["1", "2"], { every: true })).toEqual(["a 1", "a 2", "b 1", "b 2"]);
  });
  it("are refused where it is not clear which belong together", async () => {
    await expect(asked(["a", "b"], ["1", "2", "3"])).rejects.toThrow("2 pictures and 3 questions");
  });
  it("take rows of pixels too, and write the question as LLaVA does", async () => {
    const pixels = { dtype: "uint8", shape: [2, 1, 1, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) } as const;
    const result = await runNode(askPictures, { image: { pixels }, question: ["x"] });
    expect("pixels" in result.image && [...result.image.pixels.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(JSON.parse(result.conversation[1] as string)).toEqual([{ from: "human", value: "<image>\nx" }]);
  });
});
