import { describe, expect, it } from "vitest";
import { mainColour } from "#models/pictures/main-colour";
import { runNode, testHost } from "#tests/kit/run-node";
import { emoji } from "./emoji";
import { emojiQuestions } from "./emoji-questions";

const chosen = { vendors: ["openmoji"], limit: 400 };

describe("questions about emoji", () => {
  it("ask for name, group or colour, and answer from the drawing's own texts", async () => {
    const host = await testHost();
    const { image, name, group } = await runNode(emoji, {}, chosen, host);
    const { question, answer, kind, conversation } = await runNode(emojiQuestions, { image, name, group }, {}, host);
    expect(new Set(kind)).toEqual(new Set(["name", "group", "colour"]));
    for (const [row, asked] of kind.entries()) {
      if (asked === "name") expect(answer[row]).toBe(name[row]);
      if (asked === "group") expect(answer[row]).toBe(group[row]?.replaceAll("-", " "));
    }
    expect(answer[kind.indexOf("colour")]).toBe("yellow"); // of a face
    expect(JSON.parse(conversation[0] as string)[0]).toEqual({ from: "human", value: `<image>\n${question[0]}` });
  });
  it("ask a drawing the same whatever comes before it", async () => {
    const host = await testHost();
    const { image, name, group } = await runNode(emoji, {}, { ...chosen, limit: 20 }, host);
    const whole = await runNode(emojiQuestions, { image, name, group }, {}, host);
    const files = "files" in image ? image.files.slice(10) : [];
    const rest = { image: { files }, name: name.slice(10), group: group.slice(10) };
    expect((await runNode(emojiQuestions, rest, {}, host)).question).toEqual(whole.question.slice(10));
  });
  it("name the colour of most pixels, the ground left out", () => {
    const of = (...colours: number[][]) => mainColour(colours.flat(), [255, 255, 255]);
    const white = [255, 255, 255];
    expect(of(white, white, [220, 30, 30], [220, 30, 30], [30, 30, 220])).toBe("red");
    expect(of([120, 70, 30])).toBe("brown");
    expect(of([250, 210, 60])).toBe("yellow");
    expect(of([20, 20, 24])).toBe("black");
    expect(of([128, 128, 130])).toBe("gray");
    expect(of([140, 60, 200])).toBe("purple");
    expect(of(white)).toBe("white");
  });
});
