/**
 * The trainings of each system's template, at small sizes, go on after kill -9 with the very numbers of an unbroken
 * run: parameters, momentum copies, queues, running statistics, and all that is drawn.
 */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { type GraphDocument, graphDocument } from "#nodes/graph/document";
import { readTemplate } from "#server/templates";
import { runDocument } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";
import type { ToBeKilled } from "./kit/training-child";

interface Trainings {
  template: string;
  /** Its trainers in the order in which they run; each is killed once. */
  trainers: readonly string[];
  constants: Readonly<Record<string, number>>;
}

const clip = { width: 16, text_width: 16, text_layers: 1, embed: 16, vocabulary: 560, steps: 8 };
const fusion = {
  vision_width: 16,
  vision_layers: 1,
  text_width: 16,
  embed: 8,
  queue: 24,
  queue_waits: 3,
  ramp: 8,
  steps: 8,
};

const systems: readonly Trainings[] = [
  { template: "clip-vit-train", trainers: ["trainer"], constants: { ...clip, layers: 1 } },
  { template: "clip-resnet-train", trainers: ["trainer"], constants: { ...clip, width: 4, pool_heads: 2 } },
  {
    template: "align-train",
    trainers: ["trainer"],
    constants: { text_width: 16, text_layers: 1, vocabulary: 560, steps: 8 },
  },
  { template: "vilt", trainers: ["trainer"], constants: { width: 16, layers: 1, steps: 8 } },
  { template: "albef-pretrain", trainers: ["trainer"], constants: { ...fusion, text_layers: 2, fusion_layer: 1 } },
  {
    template: "albef-retrieval",
    trainers: ["pretrainer", "trainer"],
    constants: { ...fusion, text_layers: 2, fusion_layer: 1, tuning_steps: 8 },
  },
  {
    template: "vlmo",
    trainers: ["trainer_pictures", "trainer_texts", "trainer"],
    constants: { width: 16, layers: 2, vl_from: 1, steps_pictures: 8, steps_texts: 8, steps_pairs: 8 },
  },
  { template: "blip-pretrain", trainers: ["trainer"], constants: { ...fusion, text_layers: 1 } },
  {
    template: "blip-capfilt",
    trainers: ["trainer", "captioner_trainer", "filter_trainer", "again_trainer"],
    constants: { ...fusion, text_layers: 1, tuning_steps: 8, web_pairs: 40, human_pairs: 24 },
  },
  {
    template: "mae-pretrain",
    trainers: ["trainer", "tuned_trainer", "probe_trainer"],
    constants: { width: 16, layers: 1, decoder_width: 16, decoder_layers: 1, steps: 8, tuning_steps: 8 },
  },
];

/** A checkpoint every so many steps, and the step behind one at which the process is killed. */
const [every, killedAt] = [3, 5];

it.each(systems)("$template", { timeout: 600_000 }, async ({ template, trainers, constants }) => {
  const document = small((await readTemplate(template)) as GraphDocument, constants);
  const whole = await runDocument(document, await temporaryFolder(), { targets: [...trainers] });
  expect(whole.error).toBeUndefined();
  const folder = await temporaryFolder();
  for (const node of trainers) kill(folder, { document, targets: [...trainers], node, step: killedAt });
  const goneOn = await runDocument(document, folder, { targets: [...trainers] });
  expect(goneOn.error).toBeUndefined();
  const resumed = goneOn.events.flatMap((event) => (event.kind === "resumed" ? [[event.node, event.step]] : []));
  expect(resumed).toEqual([[trainers.at(-1), every]]);
  for (const node of trainers) expect(resultOf(goneOn.outputs[node])).toEqual(resultOf(whole.outputs[node]));
});

function kill(folder: string, moment: ToBeKilled): void {
  const command = ["scripts/program.mjs", "tests/kit/training-child.ts", folder];
  const { signal, stderr } = spawnSync(process.execPath, command, { input: JSON.stringify(moment), encoding: "utf8" });
  expect([moment.node, signal, stderr]).toEqual([moment.node, "SIGKILL", expect.any(String)]);
}

/** The curve, and the weights, which are named after what they hold. */
const resultOf = (outputs: Readonly<Record<string, { value?: unknown }>> | undefined) => {
  expect(outputs?.weights?.value).toMatchObject({ ref: expect.any(String) });
  return { weights: outputs?.weights?.value, curve: outputs?.curve?.value };
};

/** The template with other constants and little data, in batches of 8 rows. */
function small(template: GraphDocument, constants: Readonly<Record<string, number>>): GraphDocument {
  const document = graphDocument.parse(structuredClone(template));
  for (const [name, value] of Object.entries({ ...constants, batch: 8 })) {
    const constant = document.constants?.[name];
    if (!constant) throw new Error(`“${document.name}” has no constant “${name}”.`);
    constant.value = value;
  }
  for (const { nodes } of [document, ...Object.values(document.composites ?? {})]) {
    for (const { type, params } of Object.values(nodes)) {
      if (type === "data.shape-caps" && typeof params.rows !== "object") params.rows = 40;
      if (type === "data.emoji") params.limit = 40;
      if (type === "train.trainer") Object.assign(params, { checkpoint: every }, ownSizes(params));
    }
  }
  return document;
}

/** Steps and batch of a trainer that has its own, and not the template's constants. */
const ownSizes = ({ steps }: Readonly<Record<string, unknown>>): object =>
  typeof steps === "number" ? { steps: 8, batch: 8 } : {};
