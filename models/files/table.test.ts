import { describe, expect, it } from "vitest";
import { readCsv, readJsonLines } from "./table";

const rows = [
  { image: "a.png", text: "one" },
  { image: "b.png", text: "two" },
];

describe("a CSV", () => {
  it.each([
    ["commas", "image,text\na.png,one\nb.png,two\n"],
    ["semicolons", "image;text\na.png;one\nb.png;two\n"],
    ["tabs", "image\ttext\na.png\tone\nb.png\ttwo\n"],
    ["bars", "image|text\r\na.png|one\r\nb.png|two\r\n"],
    ["what its first line says", "sep=;\nimage;text\na.png;one\nb.png;two"],
    ["what its first line says, as Excel pads it", 'sep=;;\r\n"image";"text"\r\na.png;one\r\nb.png;two'],
    ["an unusual separator that it names", "sep=^\nimage^text\na.png^one\nb.png^two"],
    ["a tab that it names", "sep=\t\nimage\ttext\na.png\tone\nb.png\ttwo"],
  ])("is read with %s", (_, text) => expect(readCsv(text, "image").records).toEqual(rows));
  it("numbers columns of one name, and tells of them", () => {
    expect(readCsv("image,text,text,n,text\na.png,one,uno,1,un\n", "image")).toEqual({
      records: [{ image: "a.png", text: "one", "text 2": "uno", n: "1", "text 3": "un" }],
      repeated: [{ name: "text", columns: ["text", "text 2", "text 3"] }],
    });
  });
  it.each([
    ["too many fields", "image,text\na.png,one\nb.png,two,more\n", /on line 3/],
    ["an open quote", 'image,text\na.png,"one\n', /at line 3|on line 2|line 2/],
  ])("names the line with %s", (_, text, message) => expect(() => readCsv(text, "image")).toThrow(message));
});

describe("lines of JSON", () => {
  it.each([
    ["lines", '{"image":"a.png","text":"one"}\n\n{"image":"b.png","text":"two"}\r\n'],
    ["one list", '[{"image":"a.png","text":"one"},\n {"image":"b.png","text":"two"}]'],
  ])("are read from %s", (_, text) => expect(readJsonLines(text).records).toEqual(rows));
  it("have null where Python writes NaN or Infinity, and not within texts", () => {
    const text = '{"a":NaN,"b":[Infinity,-Infinity],"NaN":"NaN, \\"Infinity\\""}';
    expect(readJsonLines(text).records).toEqual([{ a: null, b: [null, null], NaN: 'NaN, "Infinity"' }]);
    expect(readJsonLines(`[${text}]`).records).toHaveLength(1);
  });
  it.each([
    ['{"a":1}\n{bad', /on line 2/],
    ['{"a":NaN}\n{"a":NaN', /on line 2/],
    ['{"a":nan}', /on line 1/],
  ])("name the line that is wrong: %s", (text, message) => expect(() => readJsonLines(text)).toThrow(message));
});
