import { describe, expect, it } from "vitest";
import { cleanText, cleanTexts, cutFileName, cutText, decodeText } from "./text";

const isWhole = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text);

describe("text that can be kept", () => {
  it("holds no half of a character and no NUL; everything else stays as it is", () => {
    expect(cleanText("a\ud83d b\udc00 c\0 😀 é \u{1F468}\u200d\u{1F469}")).toBe(
      "a\ufffd b\ufffd c\ufffd 😀 é 👨\u200d👩",
    );
  });
  it("is made of every text of a value, names included", () => {
    expect(cleanTexts({ "a\ud83d": ["b\0", { c: "\udc00" }], d: 1, e: null, f: true })).toEqual({
      "a\ufffd": ["b\ufffd", { c: "\ufffd" }],
      d: 1,
      e: null,
      f: true,
    });
  });
});

describe("a cut text", () => {
  const family = "👨‍👩‍👧";
  const samples = [
    "plain letters only",
    "😀😀😀😀😀",
    `${family}${family} at home`,
    "e\u0301e\u0301e\u0301",
    "한국어 글자",
    "🇩🇪🇫🇷🇪🇸",
  ];
  it.each(samples)("of “%s” is whole wherever it is cut", (text) => {
    const marks = [...new Intl.Segmenter("en").segment(text)].map(({ index }) => index);
    for (let length = 0; length <= text.length; length++) {
      const cut = cutText(text, length);
      expect(cut.length).toBeLessThanOrEqual(length);
      expect(text.startsWith(cut)).toBe(true);
      expect(isWhole(cut)).toBe(true);
      if (length >= family.length) expect([...marks, text.length]).toContain(cut.length);
    }
  });
  it("says that something was cut off, within its length", () => {
    expect(cutText("a long sentence", 6, "…")).toBe("a lon…");
    expect(cutText("short", 6, "…")).toBe("short");
    expect(cutText("ab😀cd", 4, "…")).toBe("ab…");
  });
  it("is not empty where one character takes more than the room", () => {
    expect(cutText(family, 4)).toBe("👨\u200d");
    expect(cutText(`a${"\u0301".repeat(500)}`, 200)).toHaveLength(200);
  });
  it("of a file's name keeps its ending", () => {
    const name = `${"x".repeat(199)}😀.png`;
    expect(cutFileName(name, 200)).toBe(`${"x".repeat(196)}.png`);
    expect(cutFileName(`${"x".repeat(195)}😀.png`, 200)).toBe(`${"x".repeat(195)}.png`);
    expect(cutFileName("😀.png", 200)).toBe("😀.png");
    expect(cutFileName("a".repeat(300), 200)).toBe("a".repeat(200));
  });
});

describe("a file's text", () => {
  it.each([
    ["UTF-8", [0x7b, 0xc3, 0xa9]],
    ["UTF-8 with a byte-order mark", [0xef, 0xbb, 0xbf, 0x7b, 0xc3, 0xa9]],
    ["UTF-16, little end first", [0xff, 0xfe, 0x7b, 0, 0xe9, 0]],
    ["UTF-16, big end first", [0xfe, 0xff, 0, 0x7b, 0, 0xe9]],
  ])("is read from %s", (_, bytes) => expect(decodeText(Uint8Array.from(bytes))).toBe("{é"));
  it("is not guessed from anything else", () => {
    expect(() => decodeText(Uint8Array.of(0x7b, 0xe9, 0x20))).toThrow(TypeError);
  });
});
