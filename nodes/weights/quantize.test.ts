import { describe, expect, it } from "vitest";
import { quantizeMatrix } from "#models/files/quantized";
import { readSafetensors, writeSafetensors } from "#models/files/safetensors";
import { previewOf } from "#server/runtime/previews";
import { runNode, testHost } from "#tests/kit/run-node";
import { quantize } from "./quantize";
import { save } from "./save";

const numbers = (size: number, factor = 1) => Float32Array.from({ length: size }, (_, i) => factor * Math.sin(i * i));

describe("quantize", () => {
  it("rounds to the nearest of the levels between the largest number of a block and its opposite", () => {
    const data = Float32Array.from({ length: 32 }, (_, i) => (i === 5 ? 8 : i === 6 ? -7 : i === 7 ? 0.4 : 0));
    const { values, scales, error } = quantizeMatrix(data, { shape: [1, 32], bits: 4, block: 32, axis: 1 });
    expect([...scales]).toEqual([-1]);
    expect([...values.slice(2, 4)]).toEqual([0x08, 0x8f]);
    expect(error).toBeCloseTo(0.4 / Math.sqrt(64 + 49 + 0.16), 6);
    const zeros = quantizeMatrix(new Float32Array(32), { shape: [32, 1], bits: 8, block: 32, axis: 0 });
    expect([...zeros.values]).toEqual(Array(32).fill(128));
    expect(zeros.error).toBe(0);
  });
  it("takes matrices by name and size, leaves the rest as it is, and tells what it spares and costs", async () => {
    const host = await testHost();
    const list = [
      { name: "a.weight", shape: [64, 48], data: numbers(64 * 48) },
      { name: "token_embedding", shape: [64, 48], data: numbers(64 * 48) },
      { name: "odd.weight", shape: [33, 48], data: numbers(33 * 48) },
      { name: "bias", shape: [48], data: numbers(48) },
      { name: "b.weight", shape: [128, 32], data: numbers(128 * 32, 0.01) },
    ];
    const ref = await host.put(writeSafetensors(list, { metadata: { format: "pt" } }));
    const params = { smallest: 100, layout: "in × out" };
    const { weights } = await runNode(quantize, { weights: { ref } }, params, host);
    expect(weights.frozen).toEqual(["a.weight", "b.weight"]);
    const { tensors, metadata } = readSafetensors(await host.get(weights.ref as string));
    expect([...tensors].map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape}`)).toEqual([
      "a.weight.int4 U8 48,2,16",
      "a.weight.scales F32 48,2",
      "token_embedding F32 64,48",
      "odd.weight F32 33,48",
      "bias F32 48",
      "b.weight.int4 U8 32,4,16",
      "b.weight.scales F32 32,4",
      "quantized.errors F64 2",
    ]);
    expect(metadata.format).toBe("pt");
    const preview = await previewOf("weights", weights, host);
    const bytesBefore = list.reduce((sum, { data }) => sum + data.byteLength, 0) + 16;
    expect(preview).toMatchObject({ count: 5, quantized: { matrices: 2, bytesBefore } });
    expect("quantized" in preview && preview.quantized?.worst.error).toBeGreaterThan(0.02);

    const others = { ...params, bits: "int8", names: "token_embedding" };
    const again = await runNode(quantize, { weights }, others, host);
    const both = await previewOf("weights", again.weights, host);
    expect(both).toMatchObject({ count: 5, quantized: { matrices: 3 } });
    expect(both).toMatchObject({ quantized: { worst: "quantized" in preview ? preview.quantized?.worst : {} } });
  });
  it("keeps its blocks when what lies beside them is rounded", async () => {
    const host = await testHost();
    const list = [
      { name: "w", shape: [64, 32], data: numbers(64 * 32) },
      { name: "bias", shape: [32], data: numbers(32) },
    ];
    const ref = await host.put(writeSafetensors(list));
    const { weights } = await runNode(quantize, { weights: { ref } }, { smallest: 1 }, host);
    const { file } = await runNode(save, { weights }, { precision: "bfloat16" }, host);
    const { tensors } = readSafetensors(await host.get(file.ref));
    expect([...tensors].map(([name, { dtype }]) => `${name} ${dtype}`)).toEqual([
      "w.int4 U8",
      "w.scales F32",
      "bias BF16",
      "quantized.errors F64",
    ]);
    expect(await previewOf("weights", { ref: file.ref }, host)).toMatchObject({ quantized: { matrices: 1 } });
  });
  it("takes matrices of PyTorch's files as out × in, others as in × out", async () => {
    const host = await testHost();
    const list = [{ name: "w", shape: [32, 64], data: numbers(32 * 64) }];
    for (const [format, shape] of [
      ["pt", [32, 2, 16]],
      ["mine", [64, 1, 16]],
    ] as const) {
      const ref = await host.put(writeSafetensors(list, { metadata: { format } }));
      const { weights } = await runNode(quantize, { weights: { ref } }, { smallest: 1 }, host);
      expect(readSafetensors(await host.get(weights.ref as string)).tensors.get("w.int4")?.shape).toEqual(shape);
    }
  });
  it("says when nothing fits", async () => {
    const warnings: string[] = [];
    const host = await testHost({ onWarn: (message) => warnings.push(message) });
    const ref = await host.put(writeSafetensors([{ name: "w", shape: [64, 48], data: numbers(64 * 48) }]));
    const { weights } = await runNode(quantize, { weights: { ref } }, {}, host);
    expect(weights).toEqual({ ref });
    expect(warnings).toEqual([expect.stringContaining("No matrix fits")]);
    await expect(runNode(quantize, { weights: { seed: 1 } })).rejects.toThrow("nothing to quantize");
  });
});
