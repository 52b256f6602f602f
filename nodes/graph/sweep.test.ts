import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { expandSweep } from "./expand-sweep";
import {
  type Assignment,
  withAssignment,
  metricValue,
  parseValues,
  type SweepAxis,
  type SweepSpec,
  sweepLimits,
  sweepSpec,
} from "./sweep";

const document = graph(
  {
    data: ["data.emoji", { limit: 8 }],
    vision: ["model.vision-transformer"],
    loss: ["loss.info-nce"],
    trainer: ["train.trainer", { steps: 100, warmup: 10 }],
    aside: ["text.input"],
    curve: ["output.curve"],
  },
  [
    "data.image -> vision.pixels",
    "vision.features -> loss.logits",
    "loss.loss -> trainer.loss",
    "trainer.curve -> curve.curve",
  ],
);
const metric = { node: "trainer", port: "curve", goal: "min" } as const;
const lr = { node: "trainer", param: "lr" };
const batch = { node: "trainer", param: "batch" };
const width = { node: "vision", param: "width" };
const spec = (axes: SweepAxis[], more: Partial<SweepSpec> = {}): SweepSpec => ({
  mode: "grid",
  axes,
  count: 20,
  seed: 0,
  metric,
  ...more,
});
const expand = (axes: SweepAxis[], more: Partial<SweepSpec> = {}) => expandSweep(document, spec(axes, more));
const column = (trials: readonly Assignment[], name: string) => trials.map((t) => t[name] as number);

describe("a grid", () => {
  it("is every combination of the different values, the last parameter moving fastest", () => {
    const { trials, problems } = expand([
      { ...lr, values: [0.1, 0.2, 0.1] },
      { node: "trainer", param: "optimizer", values: ["adamw", "lion"] },
    ]);
    expect(problems).toEqual([]);
    expect(trials).toEqual([
      { "trainer.lr": 0.1, "trainer.optimizer": "adamw" },
      { "trainer.lr": 0.1, "trainer.optimizer": "lion" },
      { "trainer.lr": 0.2, "trainer.optimizer": "adamw" },
      { "trainer.lr": 0.2, "trainer.optimizer": "lion" },
    ]);
    const changed = withAssignment(document, trials[1] as Assignment);
    expect(changed.nodes.trainer?.params).toEqual({ steps: 100, warmup: 10, lr: 0.1, optimizer: "lion" });
    expect(document.nodes.trainer?.params).toEqual({ steps: 100, warmup: 10 });
  });
});

describe("a random search", () => {
  const axes: SweepAxis[] = [
    { ...lr, min: 1e-5, max: 1e-1, scale: "log" },
    { ...batch, min: 1, max: 8, scale: "linear" },
    { node: "trainer", param: "schedule", values: ["cosine", "linear"] },
  ];
  const { trials } = expand(axes, { mode: "random", count: 400 });
  it("draws within its ranges: evenly by size on a log scale, whole numbers with both ends for an integer", () => {
    expect(trials).toHaveLength(400);
    const rates = column(trials, "trainer.lr");
    const sizes = column(trials, "trainer.batch");
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-5);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-1);
    for (const decade of [-5, -4, -3, -2])
      expect(rates.filter((r) => Math.floor(Math.log10(r)) === decade).length / 400).toBeCloseTo(0.25, 1);
    for (let n = 1; n <= 8; n++) expect(sizes.filter((s) => s === n).length / 400).toBeCloseTo(0.125, 1);
    expect(sizes.every(Number.isInteger)).toBe(true);
    expect(new Set(trials.map((t) => t["trainer.schedule"]))).toEqual(new Set(["cosine", "linear"]));
  });
  it("gives the same draws for the same seed, whatever else is varied and however many there are", () => {
    expect(expand(axes, { mode: "random", count: 400 }).trials).toEqual(trials);
    expect(column(expand(axes.slice(0, 1), { mode: "random", count: 5 }).trials, "trainer.lr")).toEqual(
      column(trials, "trainer.lr").slice(0, 5),
    );
    expect(expand(axes, { mode: "random", count: 400, seed: 1 }).trials).not.toEqual(trials);
  });
  it("never runs the same twice: a space of four gives four runs", () => {
    expect(
      expand([{ ...batch, min: 1, max: 4, scale: "linear" }], { mode: "random", count: 50 })
        .trials.map((t) => t["trainer.batch"])
        .toSorted(),
    ).toEqual([1, 2, 3, 4]);
  });
});

describe("a sweep that cannot be", () => {
  const many = Array.from({ length: 40 }, (_, i) => (i + 1) / 1000);
  it.each<[string, RegExp, SweepAxis[], Partial<SweepSpec>?]>([
    ["an unknown node", /varies "nope\.lr", and there is no node "nope"/, [{ node: "nope", param: "lr", values: [1] }]],
    ["an unknown parameter", /Trainer has no parameter "speed"/, [{ node: "trainer", param: "speed", values: [1] }]],
    [
      "a parameter named like a method",
      /Trainer has no parameter "toString"/,
      [{ node: "trainer", param: "toString", values: [1] }],
    ],
    ["a value its node refuses", /Trainer: lr cannot be 20\. .*10/, [{ ...lr, values: [0.1, 20] }]],
    ["a value of another type", /Trainer: lr cannot be "fast"/, [{ ...lr, values: ["fast"] }]],
    [
      "a range its node refuses",
      /Trainer: batch cannot be 0\./,
      [{ ...batch, min: 0, max: 9, scale: "linear" }],
      { mode: "random" },
    ],
    [
      "an empty range",
      /goes from 9 to 1: it is empty/,
      [{ ...batch, min: 9, max: 1, scale: "linear" }],
      { mode: "random" },
    ],
    [
      "a log range from zero",
      /is logarithmic and starts at 0/,
      [{ ...lr, min: 0, max: 1, scale: "log" }],
      { mode: "random" },
    ],
    [
      "a range of words",
      /trainer\.optimizer is no number/,
      [{ node: "trainer", param: "optimizer", min: 0, max: 1, scale: "linear" }],
      { mode: "random" },
    ],
    [
      "a range in a grid",
      /A grid takes lists of values, and trainer\.lr has a range/,
      [{ ...lr, min: 0.1, max: 1, scale: "linear" }],
    ],
    [
      "a parameter varied twice",
      /trainer\.lr is varied twice/,
      [
        { ...lr, values: [1] },
        { ...lr, values: [2] },
      ],
    ],
    [
      "a parameter without effect",
      /aside\.text has no effect on trainer\.curve/,
      [{ node: "aside", param: "text", values: ["a"] }],
    ],
    [
      "a node behind the metric",
      /curve\.smooth has no effect on trainer\.curve/,
      [{ node: "curve", param: "smooth", values: [0.5] }],
    ],
    [
      "values that do not go together",
      /With trainer\.warmup = 200: A warmup of 200 steps is longer than the run of 100/,
      [{ node: "trainer", param: "warmup", values: [10, 200] }],
    ],
    [
      "too many combinations",
      new RegExp(`1,600 combinations; ${sweepLimits.runs.toLocaleString("en")} is the limit`),
      [
        { ...lr, values: many },
        { ...width, values: many.map((_, i) => 64 + i) },
      ],
    ],
    ["a metric of no node", /names the node "nope"/, [{ ...lr, values: [1] }], { metric: { ...metric, node: "nope" } }],
    [
      "a metric of no output",
      /names the output "top1", which Trainer does not have/,
      [{ ...lr, values: [1] }],
      { metric: { ...metric, port: "top1" } },
    ],
    [
      "a metric that is no number",
      /trainer\.weights gives weights/,
      [{ ...lr, values: [1] }],
      { metric: { ...metric, port: "weights" } },
    ],
  ])("says so: %s", (_, message, axes, more) => {
    const { trials, problems } = expand(axes, more);
    expect(trials).toEqual([]);
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.hint).toBeTruthy();
  });
});

describe("a metric", () => {
  const outputs = {
    trainer: {
      curve: {
        type: "series",
        value: {
          x: { label: "step", values: [1, 2] },
          lines: [
            { name: "loss", values: [3, 2.5] },
            { name: "lr", values: [0.1, null] },
          ],
        },
      },
    },
    accuracy: { top1: { type: "number", value: 0.3 }, top5: { type: "number", value: Number.NaN } },
  };
  it("is a number, or the last value of a line", () => {
    expect(metricValue(metric, outputs)).toBe(2.5);
    expect(metricValue({ ...metric, line: "lr" }, outputs)).toBe(0.1);
    expect(metricValue({ node: "accuracy", port: "top1", goal: "max" }, outputs)).toBe(0.3);
  });
  it("is missing where the run gave none that is finite", () => {
    for (const m of [
      { ...metric, line: "val" },
      { ...metric, node: "x" },
      { ...metric, node: "accuracy", port: "top5" },
    ])
      expect(metricValue(m, outputs)).toBeUndefined();
  });
});

it("reads lists of values as JSON where they are, and as words where not", () => {
  expect(parseValues("0.1, 2e-3,5")).toEqual([0.1, 0.002, 5]);
  expect(parseValues("adamw, lion ,true")).toEqual(["adamw", "lion", true]);
  expect(parseValues('[0.5, 0.5], "a,b"')).toEqual([[0.5, 0.5], "a,b"]);
  expect(parseValues(" ")).toEqual([]);
});

describe("texts of a sweep", () => {
  it("can always be kept: no half of a character and no NUL comes into it", () => {
    const parsed = sweepSpec.parse({
      mode: "grid",
      axes: [{ node: "a", param: "text", values: ["smile \ud83d", ["a\0b"], 3] }],
      metric: { node: "a", port: "x", line: "\ude00", goal: "max" },
    });
    expect(parsed.axes).toEqual([{ node: "a", param: "text", values: ["smile \ufffd", ["a\ufffdb"], 3] }]);
    expect(parsed.metric.line).toBe("\ufffd");
  });
});
