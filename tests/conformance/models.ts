/** Every model of the set, every case, through the code of `patchbay model`. */
import { describe, expect, it } from "vitest";
import { runModel } from "#server/runtime/hugging-face/run-model";
import { differenceOf } from "./compare";
import { count } from "./counts";
import { note } from "./report";
import { type Case, type ModelEntry, modelEntries } from "./set";

export function testModels(): void {
  const entries = modelEntries();
  describe("models of the hub", () => {
    it("are found", () => expect(entries.length).toBeGreaterThan(0));
    for (const entry of entries) testModel(entry);
  });
}

function testModel(entry: ModelEntry): void {
  count("models");
  for (const one of entry.expected.cases) {
    it(`${entry.name} answers ${one.name} as transformers does`, () => testCase(entry, one));
  }
}

async function testCase({ name, folder, weights, expected }: ModelEntry, one: Case): Promise<void> {
  const inputs = Object.entries(one.inputs).map(([argument, stored]) => [argument, expected.tensors[stored]] as const);
  // The set's answers are those of searches, whatever generation_config.json asks for.
  const searched = one.call === "generate" ? { do_sample: false } : {};
  const noEnd = one.ignore_eos ? { eos_token_id: null } : {};
  const { outputs, left } = await runModel(folder, {
    call: one.call,
    inputs: Object.fromEntries(inputs) as never,
    options: { ...searched, ...one.kwargs, ...one.config, ...noEnd },
    weights,
  });
  const wrong: string[] = [];
  for (const path of Object.keys(one.outputs)) {
    const got = outputs[path];
    if (!got) {
      wrong.push(`${path} is missing${left[path] ? `: ${left[path]}` : ""}`);
      continue;
    }
    const { largest, allowed } = differenceOf(path, got, one, expected);
    if (!(largest <= allowed)) wrong.push(`${path} differs by ${largest}, and ${allowed} is allowed`);
    note({ name, className: expected.class, caseName: one.name, path, largest });
    count("outputs");
  }
  count("cases");
  expect(wrong).toEqual([]);
}
