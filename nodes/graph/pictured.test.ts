import { strToU8, zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import { crc32, pngTexts, withPngText } from "#models/files/png-text";
import { graph } from "#tests/kit/graphs";
import { openedFile, openedText, pictureText, withSvgGraph } from "./pictured";
import { partText } from "./part-text";

const document = graph({ text: ["text.input", { text: "Grüße 😀 </metadata> & <b>" }], resize: ["image.resize"] });
/** A picture of one dot. */
const dot = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (char) => char.charCodeAt(0),
);
const carrying = (text: string, name = "patchbay") => withPngText(dot, name, text);
const json = JSON.stringify(document);

/** A chunk as anybody may write it. */
function chunk(type: string, data: Uint8Array, { crc = true, length = data.length } = {}): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  bytes.set(strToU8(type, true), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc ? crc32(bytes.subarray(4, data.length + 8)) : 1);
  return bytes;
}
const withChunk = (part: Uint8Array) => {
  const end = dot.length - 12;
  return new Uint8Array([...dot.subarray(0, end), ...part, ...dot.subarray(end)]);
};
const itxt = (packed: Uint8Array) => new Uint8Array([...strToU8("patchbay", true), 0, 1, 0, 0, 0, ...packed]);

describe("a graph in a picture", () => {
  it("comes back from PNG and SVG as it was", () => {
    expect(openedFile(carrying(pictureText(document)), "canvas.png")).toEqual({ kind: "graph", document });
    const svg = withSvgGraph('<svg xmlns="http://www.w3.org/2000/svg" width="9"><g/></svg>', document);
    expect(openedFile(strToU8(svg), "canvas.svg")).toEqual({ kind: "graph", document });
    expect(svg).toMatch(/^<svg[^>]*><metadata/);
  });

  it("is read from the EXIF of a WebP file", () => {
    const exif = strToU8(`Exif\0\0patchbay:${json}\0`);
    const size = (count: number) => [count & 255, (count >> 8) & 255, (count >> 16) & 255, count >> 24];
    const bytes = new Uint8Array([
      ...strToU8("RIFF"),
      ...size(0),
      ...strToU8("WEBP"),
      ...strToU8("EXIF"),
      ...size(exif.length),
      ...exif,
    ]);
    expect(openedFile(bytes, "a.webp")).toEqual({ kind: "graph", document });
    expect(openedFile(bytes.subarray(0, 40), "a.webp")).toMatchObject({ kind: "problem" });
  });

  it("that is not there makes it a picture", () => {
    expect(openedFile(dot, "dot.png")).toEqual({ kind: "picture" });
    expect(openedFile(strToU8("<svg/>"), "dot.svg")).toEqual({ kind: "picture" });
    expect(openedFile(carrying("hello", "Comment"), "dot.png")).toEqual({ kind: "picture" });
  });

  it.each([
    ["NaN", carrying('{"schema":1,"nodes":{},"wires":NaN}'), /no JSON/],
    ["thrice-encoded", carrying(JSON.stringify(JSON.stringify(json))), /something else/],
    ["cut short", carrying(json).subarray(0, -60), /ends too early/],
    ["an inflated bomb", withChunk(chunk("iTXt", itxt(zlibSync(new Uint8Array(100e6))))), /more than 1 MiB/],
    ["100 MB as they are", withChunkLarge(), /more than 95 MiB/],
    ["a wrong checksum", withChunk(chunk("iTXt", itxt(zlibSync(strToU8(json))), { crc: false })), /checksum/],
    ["no deflate", withChunk(chunk("iTXt", itxt(strToU8("rubbish")))), /unpacked/],
    [
      "a length beyond the file",
      withChunk(chunk("iTXt", itxt(zlibSync(strToU8(json))), { length: 2 ** 31 })),
      /ends too early/,
    ],
    ["another Patchbay's future", carrying('{"schema":99,"nodes":{},"wires":[]}'), /newer Patchbay/],
    ["ComfyUI's", carrying('{"last_node_id":1,"nodes":[{"widgets_values":[]}],"links":[]}', "workflow"), /ComfyUI/],
  ])("with %s is refused with a sentence", (_, bytes, sentence) => {
    const opened = openedFile(bytes, "x.png");
    expect(opened).toMatchObject({ kind: "problem" });
    expect(opened.kind === "problem" && opened.problem.message).toMatch(sentence);
  });

  /** Nothing is compressed, and nothing is missing: there is too much of it. */
  function withChunkLarge(): Uint8Array {
    const data = new Uint8Array(100e6);
    data.set(strToU8("patchbay", true));
    const part = chunk("tEXt", data);
    const bytes = new Uint8Array(dot.length + part.length);
    bytes.set(dot.subarray(0, dot.length - 12));
    bytes.set(part, dot.length - 12);
    bytes.set(dot.subarray(dot.length - 12), dot.length - 12 + part.length);
    return bytes;
  }

  it("never throws on mutated bytes", () => {
    const whole = carrying(json);
    for (let i = 0; i < 2000; i++) {
      const bytes = whole.slice(0, i % 7 ? whole.length : (i * 31) % whole.length);
      bytes[(i * 7919) % Math.max(1, bytes.length)] = (i * 31) % 256;
      expect(["graph", "picture", "problem", "other"]).toContain(openedFile(bytes, "x.png").kind);
    }
  });

  it("is refused where it is larger than a picture may carry", () => {
    const huge = graph({ text: ["text.input", { text: "x".repeat(2 ** 20) }] });
    expect(() => pictureText(huge)).toThrow(/1 MiB/);
  });

  it("leaves the picture as it was, and other texts unread", () => {
    const both = withPngText(carrying(json), "Comment", "hello");
    expect(pngTexts(both, ["Comment"])).toEqual([{ name: "Comment", text: "hello" }]);
    expect(both.subarray(0, dot.length - 12)).toEqual(dot.subarray(0, dot.length - 12));
  });
});

describe("files and texts", () => {
  it("are graphs, or named as what they are", () => {
    expect(openedFile(strToU8(json), "g.json")).toEqual({ kind: "graph", document });
    expect(openedFile(strToU8("photo"), "a.jpg")).toEqual({ kind: "picture" });
    expect(openedFile(strToU8("text"), "a.txt")).toEqual({ kind: "other" });
    const n8n = { nodes: [{ type: "n8n-nodes-base.set", name: "Set", parameters: {} }], connections: {} };
    const opened = openedFile(strToU8(JSON.stringify(n8n)), "flow.json");
    expect(opened.kind === "problem" && opened.problem.message).toMatch(/n8n/);
  });

  it("are opened from a text that was pasted, a part of a graph too; other texts are left alone", () => {
    expect(openedText(json)).toEqual({ kind: "graph", document });
    const { nodes, wires } = document;
    expect(openedText(partText({ nodes, wires }))).toMatchObject({ kind: "graph", document: { nodes } });
    expect(openedText("a sentence")).toBeUndefined();
    expect(openedText('{"some":"object"}')).toBeUndefined();
    expect(openedText('{"3":{"class_type":"KSampler","inputs":{}}}')).toMatchObject({
      problem: { message: expect.stringMatching(/ComfyUI/) },
    });
  });
});
