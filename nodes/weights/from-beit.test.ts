import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readSafetensors, type StoredTensor, toFloat32, writeSafetensors } from "#models/files/safetensors";
import { runNode, testHost } from "#tests/kit/run-node";
import { complete } from "./complete";
import { fromBeit } from "./from-beit";

const fixture = (path: string) => readSafetensors(readFileSync(`tests/fixtures/systems/${path}`)).tensors;

it("takes the end of VLMo's first stage to the beginning of its second", async () => {
  const after = [...fixture("vlmo-stage1/step.safetensors")].flatMap(([name, tensor]) =>
    name.startsWith("step1.after.") ? [{ ...tensor, name: name.slice("step1.after.".length) }] : [],
  );
  const second = fixture("vlmo-stage2/weights.safetensors");
  const host = await testHost();
  const ref = await host.put(writeSafetensors(after));
  const { weights } = await runNode(fromBeit, { weights: { ref } }, { firstLength: 14, seed: 5 }, host);
  const { tensors } = readSafetensors(await host.get(weights.ref as string));
  expect(weights.seed).toBe(5);
  const names = [...tensors.keys()].filter((name) => name !== "relative_position_bias_table");
  expect(names.filter((name) => name.includes("mlp_imag.fc1.weight"))).toHaveLength(2);
  expect(names.filter((name) => /lm_head|mask_token/.test(name))).toEqual([]);
  for (const name of names) expect(numbersIn(tensors, name), name).toEqual(numbersIn(second, name));
  const [got, want] = [tensors, second].map((each) => numbersIn(each, "relative_position_bias_table"));
  // Rows of pictures, 5² + 3 of four columns; those of texts begin anew.
  expect(got?.slice(0, 28 * 4)).toEqual(want?.slice(0, 28 * 4));
  expect(got?.length).toBe(want?.length);
  expect(got?.slice(28 * 4).every((x) => x === 0)).toBe(true);
});

it("refuses weights that are no BEiT's, and fresh ones", async () => {
  const host = await testHost();
  const ref = await host.put(writeSafetensors([{ name: "weight", dtype: "F32", shape: [1], data: new Uint8Array(4) }]));
  await expect(runNode(fromBeit, { weights: { ref } }, {}, host)).rejects.toThrow("no BEiT");
  await expect(runNode(fromBeit, { weights: { seed: 0 } }, {}, host)).rejects.toThrow("nothing to take over");
});

it("draws what a checkpoint lacks", async () => {
  const { weights } = await runNode(complete, { weights: { ref: "a", frozen: ["x"] } }, { seed: 3 });
  expect(weights).toEqual({ ref: "a", frozen: ["x"], seed: 3 });
});

function numbersIn(tensors: ReadonlyMap<string, StoredTensor>, name: string): number[] {
  const tensor = tensors.get(name);
  return tensor ? Array.from(toFloat32(tensor)) : [];
}
