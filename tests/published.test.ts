/**
 * Published models through the nodes of the systems' templates: their folders as Hugging Face writes them, with the
 * names that it writes today and with those of earlier versions, are brought to the authors' names and give what
 * Hugging Face gives. PATCHBAY_CONFORMANCE names another set of folders, in which all of these models are tried.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { fromHuggingFace } from "#nodes/weights/from-hugging-face";
import { tensorsIn } from "#server/runtime/hugging-face/tensor-files";
import { type Case, type ModelEntry, modelEntries } from "./conformance/set";
import { runNode, testHost } from "./kit/run-node";
import * as blip from "./published/blip";
import * as clip from "./published/clip";
import * as mae from "./published/mae";
import type { HubConfig, Published, Tensors } from "./published/model";
import * as vilt from "./published/vilt";
import { takeSteps } from "./systems/harness/step";
import type { System } from "./systems/system";

const models: Published[] = [blip, clip, mae, vilt].flatMap((file) => Object.values(file));
/** As transformers 5 writes them, and as 4 did. */
const checkpoints = modelEntries().filter(({ folder }) => existsSync(join(folder, "model.safetensors")));
const questions = checkpoints.flatMap((entry) =>
  entry.expected.cases.flatMap((asked) =>
    models
      .filter((model) => isOf(model, entry, asked))
      .map((model) => ({ name: entry.name, case: asked.name, template: model.template, model, entry, asked })),
  ),
);
const counts = { cases: 0, outputs: 0 };

function isOf({ className, isOf: fits }: Published, { expected }: ModelEntry, asked: Case): boolean {
  return expected.class === className && asked.call === "forward" && (fits?.(asked) ?? true);
}

it("the set has models of the templates", () => expect(questions.length).toBeGreaterThan(0));

describe.each(questions)("$name, $case,", ({ model, entry, asked }) => {
  it("answers as its port does, in the nodes of the template $template", async () => {
    const { folder, expected } = entry;
    const config = { ...JSON.parse(readFileSync(join(folder, "config.json"), "utf8")), ...asked.config };
    const named = (paths: Record<string, string>): Tensors =>
      Object.fromEntries(Object.entries(paths).map(([name, stored]) => [name, expected.tensors[stored] as Tensor]));
    const file = await ownNames(model, readFileSync(join(folder, "model.safetensors")));
    const weights = tensorsIn(file);
    const given = named(asked.inputs);
    const inputs = { ...given, ...model.made?.(given, config) };
    const got = await answers(model, { config, asked, weights, file, inputs });
    const want = named(asked.outputs);
    const compared = Object.keys(model.outputs).filter((name) => name in want);
    const wrong = compared.flatMap((name) =>
      difference(name, got(name), want[name] as Tensor, asked.rows?.[name], expected.tolerance),
    );
    counts.cases++;
    counts.outputs += compared.length;
    expect(compared).not.toEqual([]);
    expect(wrong).toEqual([]);
  });
});

afterAll(() => console.log(`published models: ${counts.cases} cases, ${counts.outputs} outputs compared`));

/** ALIGN's checkpoint has the names that its nodes ask for; those of the others are brought to them. */
async function ownNames({ className }: Published, file: Uint8Array): Promise<Uint8Array> {
  if (className === "AlignModel") return file;
  const host = await testHost();
  const { weights } = await runNode(fromHuggingFace, { weights: { ref: await host.put(file) } }, {}, host);
  return host.get(weights.ref as string);
}

interface Question {
  config: HubConfig;
  asked: Case;
  weights: Tensors;
  file: Uint8Array;
  inputs: Tensors;
}

/** What the template's graph gives for each output. */
async function answers(model: Published, { config, asked, weights, file, inputs }: Question) {
  const outputs = Object.entries(model.outputs).flatMap(([name, output]) => (name in asked.outputs ? output : []));
  const wires = outputs.flatMap((output) => (typeof output === "string" ? output : output.wires));
  const known = Object.entries(model.given).filter(([name]) => name in inputs);
  const system: System = {
    system: model.className,
    template: model.template,
    constants: () => model.constants(config, weights),
    params: model.params?.(config, asked),
    inputs: Object.fromEntries(known),
    mid: Object.fromEntries(wires.map((wire) => [wire, wire])),
  };
  const fixture = {
    folder: "",
    description: { fixture: asked.name, system: model.className, config: {}, steps: 1, also: [], ...noTraining },
    values: new Map(known.map(([name]) => [`step1.in.${name}`, inputs[name] as Tensor])),
    weights: new Map<string, Tensor>(),
    file,
  };
  const [step] = await takeSteps(system, fixture, undefined);
  const valueOf = (wire: string) => step?.values.get(`mid.${wire}`) as Tensor;
  return (name: string): Tensor => {
    const output = model.outputs[name];
    if (typeof output === "string") return valueOf(output);
    return output?.of(output.wires.map(valueOf), weights) as Tensor;
  };
}

const noTraining = {
  frozen: [],
  without_gradient: [],
  zero_gradient: [],
  tied: {},
  not_trained_state: [],
  tolerance: { abs: 0, rel: 0 },
  losses: {},
  intermediates: {},
};

function difference(
  name: string,
  got: Tensor | undefined,
  want: Tensor,
  rows: readonly number[] | undefined,
  { abs, rel }: { abs: number; rel: number },
): string[] {
  if (!got) return [`${name} was not given`];
  const numbers = rows ? firstPositions(got, rows) : Array.from(got.data as ArrayLike<number | bigint>, Number);
  const wanted = Array.from(want.data as ArrayLike<number | bigint>, Number);
  if (numbers.length !== wanted.length) return [`${name} is [${got.shape}] and not [${want.shape}]`];
  const bound = abs + rel * Math.max(...wanted.map(Math.abs));
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - (numbers[i] as number))));
  return worst <= bound ? [] : [`${name} is off by ${worst}, and ${bound} is allowed`];
}

/** Some positions of [B, T, …]. */
function firstPositions({ shape, data }: Tensor, positions: readonly number[]): number[] {
  const [rows = 0, length = 0, width = 1] = shape as number[];
  return Array.from({ length: rows }, (_, row) =>
    positions.flatMap((at) => {
      const start = (row * length + at) * width;
      return Array.from(data.slice(start, start + width) as ArrayLike<number | bigint>, Number);
    }),
  ).flat();
}
