import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ropeOf } from "#models/architectures/core/rope";
import { foldersOf, readJson, readNumbers } from "#tests/conformance/files";
import { fromHalf, toHalf } from "../half";
import { openTokenizer } from "../tokenizers/open";
import { readableTypes, toNumbers } from "./blocks";
import { ggufModel, laidOut, laidOutShape, withRopeFactors } from "./model";
import { type GgufTensor, openGguf } from "./read";
import { ggufTokenizer } from "./tokenizer";

const folder = join("tests", "fixtures", "gguf");
const fileAt = (bytes: Uint8Array) =>
  openGguf({ size: bytes.length, read: async (start, end) => bytes.subarray(start, end) });

describe("blocks of GGUF files", () => {
  const rows = JSON.parse(readFileSync(join(folder, "blocks.json"), "utf8")) as Record<
    "type" | "bytes" | "numbers",
    string
  >[];
  it.each(rows)("of the type $type are read as ggml reads them, to the bit", ({ type, bytes, numbers }) => {
    const want = Uint8Array.from(Buffer.from(numbers, "base64"));
    const got = toNumbers(type, Uint8Array.from(Buffer.from(bytes, "base64")));
    expect(got).toEqual(new Float32Array(want.buffer));
  });
  it("are tested for each type that is read", () =>
    expect(rows.map(({ type }) => type).sort()).toEqual([...readableTypes].sort()));
});

describe("factors of positions in a GGUF file", () => {
  const named = (name: string) => [name, { type: "F32", shape: [8], start: 0, end: 32 }] as [string, GgufTensor];

  it("turn positions as the scaling does that they were made of", () => {
    const config = readJson<Record<string, unknown>>(
      foldersOf(".").find((path) => path.endsWith("llama3-scaled")) ?? "",
      "config.json",
    );
    const plain = { rope_theta: 500_000, max_position_embeddings: 512 };
    const scaled = ropeOf(config as never, 16).frequencies;
    const factors = ropeOf(plain, 16).frequencies.map((frequency, i) => Math.fround(frequency / (scaled[i] ?? 1)));
    const { frequencies, long, scale } = ropeOf(withRopeFactors(plain, factors, factors) as never, 16);
    expect(scale).toBe(1);
    for (const [i, frequency] of scaled.entries()) {
      expect(frequencies[i]).toBeCloseTo(frequency, 6);
      expect(long?.frequencies[i]).toBe(frequencies[i]);
    }
  });

  it("are found under their names, one table or two", async () => {
    const bytes = Uint8Array.from(readFileSync(join(folder, "llama.gguf")));
    const { metadata, tensors } = await fileAt(bytes);
    const factorsWith = (...names: string[]) =>
      ggufModel({ metadata, tensors: new Map([...tensors, ...names.map(named)]) });
    expect(ggufModel({ metadata, tensors }).ropeFactors).toBeUndefined();
    expect(factorsWith("rope_freqs.weight").ropeFactors).toMatchObject({ short: { end: 32 }, long: { end: 32 } });
    expect(factorsWith("rope_factors_short.weight", "rope_factors_long.weight").ropeFactors).toBeDefined();
    expect(() => factorsWith("other.weight")).toThrow("the tensor “other.weight” is not known");
  });
});

describe.each(["llama", "qwen2", "phi3", "gpt2"])("a GGUF file of a %s", (name) => {
  const bytes = Uint8Array.from(readFileSync(join(folder, `${name}.gguf`)));
  const original = foldersOf(".").find((path) => basename(path) === name) ?? "";

  it("has the tensors of its Hugging Face model, under their names and laid out as they are", async () => {
    const { tensors } = ggufModel(await fileAt(bytes));
    const want = readNumbers(original, "model.safetensors");
    expect([...tensors.keys()].sort()).toEqual([...want.keys()].sort());
    for (const [each, tensor] of tensors) {
      const numbers = toNumbers(tensor.type, bytes.slice(tensor.start, tensor.end)) ?? new Float32Array();
      const { shape, data } = want.get(each) ?? { shape: [], data: [] };
      expect(laidOutShape(tensor), each).toEqual(shape);
      const halves = shape.length > 1 ? data.map((value) => fromHalf(toHalf(value))) : data;
      expect(Array.from(laidOut(numbers, tensor)), each).toEqual(halves);
    }
  });

  it("has its configuration", async () => {
    const { config } = ggufModel(await fileAt(bytes));
    const want = readJson<Record<string, unknown>>(original, "config.json");
    const told = { ...config, rope_scaling: null, rope_theta: null, rope_parameters: null, n_inner: null, dtype: null };
    for (const [field, value] of Object.entries(told)) {
      if (value === null || !(field in want)) continue;
      if (typeof value === "number") expect(value, field).toBeCloseTo(want[field] as number, 7);
      else expect(value, field).toEqual(want[field]);
    }
    expect(config.vocab_size).toBe(want.vocab_size);
  });

  it("has its tokenizer and chat template", async () => {
    const files = ggufTokenizer(await fileAt(bytes));
    expect(files.config.chat_template).toBe("{{ messages[0].content }}");
    const own = openTokenizer(files);
    const json = readJson<Record<string, unknown>>(original, "tokenizer.json");
    const other = openTokenizer({ json, config: readJson(original, "tokenizer_config.json") });
    for (const text of ["a photo of a cat", "The boat, and 2026 cats…", "naïve  日本 😀"]) {
      const { ids } = other.encode(text, { special: false });
      expect(own.encode(text, { special: false }).ids).toEqual(ids);
      expect(own.decode(ids)).toBe(other.decode(ids));
    }
  });
});

describe("a GGUF file of a stranger", () => {
  const u32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];
  const u64 = (value: bigint) => [...new Uint8Array(BigUint64Array.of(value).buffer)];
  const text = (value: string) => [...u64(BigInt(value.length)), ...new TextEncoder().encode(value)];
  const tensor = (name: string, sizes: bigint[], type: number, offset: bigint) => [
    ...text(name),
    ...u32(sizes.length),
    ...sizes.flatMap(u64),
    ...u32(type),
    ...u64(offset),
  ];
  const file = (tensors: number[][], entries: number[][] = [], more = 4096) =>
    Uint8Array.from([
      ...new TextEncoder().encode("GGUF"),
      ...u32(3),
      ...u64(BigInt(tensors.length)),
      ...u64(BigInt(entries.length)),
      ...entries.flat(),
      ...tensors.flat(),
      ...new Array<number>(more).fill(0),
    ]);
  const start = (tensors: bigint, entries: bigint) =>
    Uint8Array.from([...new TextEncoder().encode("GGUF"), ...u32(3), ...u64(tensors), ...u64(entries), ...u64(0n)]);

  it.each([
    [start(2n ** 63n, 0n), "tensor_count is 9223372036854775808"],
    [start(0n, 2n ** 64n - 1n), "metadata_kv_count is 18446744073709551615"],
    [Uint8Array.from(start(0n, 0n).slice(0, 20)), "it ends within metadata_kv_count"],
    [Uint8Array.from([...start(0n, 0n)].map((byte, i) => (i === 4 ? 1 : byte))), "it is of version 1"],
    [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), "does not begin with “GGUF”"],
    [file([tensor("a", [2n ** 62n, 8n], 0, 0n)]), "“a” has the shape [8, 4611686018427387904]"],
    [file([tensor("a", [0n], 0, 0n)]), "“a” has the shape [0]"],
    [file([tensor("a", [8n], 0, 2n ** 63n)]), "“a” begins at 9223372036854775808, beyond the end"],
    [file([tensor("a", [8n], 0, 4092n + 4n)]), "“a” ends at"],
    [file([tensor("a", [8n], 0, 4n)]), "“a” begins at 4, which is no multiple of 32"],
    [file([tensor("a", [33n], 2, 0n)]), "“a” has rows of 33 numbers, and Q4_0 has blocks of 32"],
    [file([tensor("a", [1n, 1n, 1n, 1n, 1n], 0, 0n)]), "“a” has 5 axes"],
    [file([tensor("a", [8n], 0, 0n), tensor("a", [8n], 0, 32n)]), "“a” occurs twice"],
    [file([tensor("a", [16n], 0, 0n), tensor("b", [8n], 0, 32n)]), "“a” and “b” lie on each other"],
    [file([], [[...text("x"), ...u32(8), ...u64(2n ** 40n)]]), "“x” has a text of 1099511627776 bytes"],
    [file([], [[...text("x"), ...u32(9), ...u32(4), ...u64(2n ** 61n)]]), "“x” holds 2305843009213693952 values"],
    [file([], [[...text("x"), ...u32(77)]]), "“x” is of kind 77"],
    [
      file([], [[...text("x"), ...u32(9), ...Array.from({ length: 9 }, () => [...u32(9), ...u64(1n)]).flat()]]),
      "levels of lists",
    ],
    [file([], [[...text("general.alignment"), ...u32(4), ...u32(0)]]), "general.alignment is 0"],
  ])("is refused with the field that is wrong: %#", async (bytes, said) => {
    await expect(fileAt(bytes)).rejects.toThrow(said);
  });

  it("of an architecture that is not known names those that are", async () => {
    const entry = [...text("general.architecture"), ...u32(8), ...text("mamba")];
    const other = await fileAt(file([], [entry]));
    expect(() => ggufModel(other)).toThrow("general.architecture is “mamba”, and llama, qwen2, phi3, gpt2 are known");
    expect(() => ggufTokenizer(other)).toThrow("tokenizer.ggml.tokens is no list of texts");
  });

  it("is read no further than its head, whatever that needs", async () => {
    const entry = [...text("x"), ...u32(8), ...text("y".repeat(3_000_000))];
    const bytes = file([tensor("a", [8n], 0, 0n)], [entry], 20_000_000);
    let most = 0;
    const read = async (from: number, end: number) => {
      most = Math.max(most, end);
      return bytes.subarray(from, end);
    };
    const { tensors } = await openGguf({ size: bytes.length, read });
    expect(tensors.get("a")?.shape).toEqual([8]);
    expect(most).toBeLessThan(5_000_000);
  });
});
