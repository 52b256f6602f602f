import { describe, expect, it } from "vitest";
import { random } from "../random";
import { fromHalf, toHalf } from "./half";
import { readSafetensors, readSafetensorsHeader, type StoredTensor, toFloat32, writeSafetensors } from "./safetensors";

const file = (header: unknown, body = 0): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + body);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
};

describe("safetensors", () => {
  it("reads back what it wrote, whatever the name", () => {
    const data = Float32Array.from([1, -2.5, 3, 4, 5, 6]);
    const bytes = writeSafetensors(
      [
        { name: "a.weight", shape: [2, 3], data },
        { name: "ß", shape: [], data: data.subarray(1, 2) },
      ],
      { metadata: { made: "here" } },
    );
    const { tensors, metadata } = readSafetensors(bytes);
    expect(metadata).toEqual({ made: "here" });
    expect([...tensors.keys()]).toEqual(["a.weight", "ß"]);
    expect(tensors.get("a.weight")?.shape).toEqual([2, 3]);
    expect([...toFloat32(tensors.get("a.weight") as StoredTensor)]).toEqual([...data]);
  });
  it("rounds to half precision and back", () => {
    const draw = random("half");
    const data = Float32Array.from({ length: 1000 }, () => draw.normal());
    const back = toFloat32(
      readSafetensors(writeSafetensors([{ name: "x", shape: [1000], data }], { dtype: "F16" })).tensors.get(
        "x",
      ) as StoredTensor,
    );
    for (const [i, x] of data.entries())
      expect(Math.abs((back[i] as number) - x)).toBeLessThanOrEqual(Math.abs(x) / 2048 + 2 ** -25);
    for (let h = 0; h < 0x7c00; h++) expect(toHalf(fromHalf(h))).toBe(h);
    expect([toHalf(65520), toHalf(-1e9), fromHalf(0xfc00)]).toEqual([0x7c00, 0xfc00, Number.NEGATIVE_INFINITY]);
  });
  it("reads bfloat16", () => {
    const bytes = file({ x: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } }, 4);
    bytes.set([0x80, 0x3f, 0x20, 0xc0], bytes.length - 4);
    expect([...toFloat32(readSafetensors(bytes).tensors.get("x") as StoredTensor)]).toEqual([1, -2.5]);
  });
  it("reads tensors at any offset, as a Buffer too", () => {
    for (const padding of ["", " ", "  "]) {
      const bytes = file(
        `${JSON.stringify({ h: { dtype: "F16", shape: [1], data_offsets: [0, 2] }, f: { dtype: "F32", shape: [1], data_offsets: [2, 6] } })}${padding}`,
        6,
      );
      bytes.set([0x00, 0x3c, 0, 0, 0x80, 0x3f], bytes.length - 6);
      for (const given of [bytes, Buffer.from(bytes)])
        expect([...readSafetensors(given).tensors.values()].flatMap((t) => [...toFloat32(t)])).toEqual([1, 1]);
    }
  });
  it.each([
    ["an empty file", new Uint8Array(3), /has 3 bytes/],
    ["a header larger than the file", file({}).slice(0, 9), /the file ends after 9/],
    ["a header of exabytes", Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 127]), /is the limit/],
    ["no JSON", file("{nonsense"), /no JSON/],
    ["a list", file([]), /does not describe tensors/],
    ["a negative offset", file({ x: { dtype: "F32", shape: [1], data_offsets: [-4, 0] } }, 4), /does not describe/],
    ["a tensor past the end", file({ x: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, 4), /cut off/],
    ["a size that lies", file({ x: { dtype: "F32", shape: [3], data_offsets: [0, 8] } }, 8), /needs 12/],
    [
      "an overlap",
      file(
        {
          x: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
          y: { dtype: "F32", shape: [1], data_offsets: [2, 6] },
        },
        8,
      ),
      /overlaps/,
    ],
    [
      "bytes that belong to no tensor",
      file({ x: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }, 8),
      /4 bytes before "x"/,
    ],
    [
      "bytes after the last tensor",
      file({ x: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }, 5),
      /tensors end at byte \d+, and the file after/,
    ],
    ["an unknown element type", file({ x: { dtype: "F4", shape: [], data_offsets: [0, 0] } }), /not supported/],
  ])("refuses %s with the reason", (_, bytes, reason) => expect(() => readSafetensorsHeader(bytes)).toThrow(reason));
});
