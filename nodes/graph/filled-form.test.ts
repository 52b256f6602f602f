import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { setConstant } from "./constants";
import { formProblems, publishable, valueShown, withFormValues } from "./filled-form";
import { fieldOf, formWithin, publishedForm } from "./published-form";
import { registry } from "../registry.gen";

const document = setConstant(
  graph({
    load: ["image.load", { images: [] }],
    words: ["text.input", { text: "a\nb" }],
    trainer: ["train.trainer", { steps: 50 }],
    list: ["output.ranked-labels", {}],
  }),
  "D",
  { kind: "number", value: 8 },
);
const form = (limits: object = {}) =>
  publishedForm.parse({
    groups: [
      {
        title: "",
        fields: [
          { node: "trainer", param: "steps", min: 10, max: 500 },
          { node: "trainer", param: "epochs" },
          { node: "words", param: "text", label: "Words" },
          { node: "list", param: "show", choices: ["right", "wrong"] },
          { node: "$", param: "D" },
        ],
      },
    ],
    outputs: [{ node: "list", port: "ranking" }],
    limits,
  });
const problemsOf = (values: Parameters<typeof withFormValues>[2], limits?: object) =>
  withFormValues(document, form(limits), values).problems.map(({ param, message }) => [param, message]);

describe("a form that was filled in", () => {
  it("sets the parameters and constants that it has, and nothing else", () => {
    const { document: filled, problems } = withFormValues(document, form(), { "trainer.steps": 20, "$.D": 16 });
    expect(problems).toEqual([]);
    expect([filled.nodes.trainer?.params.steps, filled.constants?.D]).toEqual([20, { kind: "number", value: 16 }]);
    expect(problemsOf({ "trainer.lr": 1 })).toEqual([["trainer.lr", "The form has no field “trainer.lr”."]]);
    expect(problemsOf({ "__proto__.x": 1, "trainer.constructor": 1 })).toHaveLength(2);
  });

  it("says which field is beyond a bound, is no choice, or is not what it takes", () => {
    expect(problemsOf({ "trainer.steps": 9 })).toEqual([["trainer.steps", "“Steps” is at least 10 here."]]);
    expect(problemsOf({ "trainer.steps": 501 })).toEqual([["trainer.steps", "“Steps” is at most 500 here."]]);
    expect(problemsOf({ "list.show": "all" })).toEqual([["list.show", "“Show” is one of right, wrong."]]);
    expect(problemsOf({ "trainer.steps": "many" })[0]?.[1]).toMatch(/^“Steps” cannot be this: /);
    expect(problemsOf({ "$.D": "wide" })).toEqual([["$.D", "“D” is a number."]]);
  });

  it("leaves the graph as it was where anything is wrong", () => {
    const { document: left } = withFormValues(document, form(), { "trainer.steps": 20, "list.show": "all" });
    expect(left).toBe(document);
  });

  it("takes no more rows and steps than its limits", () => {
    const texts = (count: number) => ({ "words.text": Array.from({ length: count }, () => "word").join("\n") });
    expect(problemsOf(texts(3), { rows: 3 })).toEqual([]);
    expect(problemsOf(texts(4), { rows: 3 })).toEqual([
      ["words.text", "“Words” has 4 rows; at most 3 are taken here."],
    ]);
    expect(problemsOf({}, { steps: 49 })).toEqual([
      ["steps", "A training would take 50 steps; at most 49 are allowed here."],
    ]);
    expect(problemsOf({ "trainer.epochs": 3 }, { steps: 49 })).toEqual([]);
  });

  it("shows what the graph has, a default, or a constant's value", () => {
    const shown = (node: string, param: string) => {
      const field = fieldOf(document, { node, param }, registry);
      return field && valueShown(document, field);
    };
    expect([shown("trainer", "steps"), shown("list", "limit"), shown("$", "D")]).toEqual([50, 12, 8]);
  });
});

describe("a form that is published", () => {
  const field = (more: object) =>
    formProblems(
      document,
      publishedForm.parse({ groups: [{ fields: [{ node: "trainer", param: "steps", ...more }] }] }),
    ).map(({ message }) => message);

  it("offers values by names of its own, and takes the values", () => {
    const choices = [{ value: 50, label: "a few" }, { value: 500, label: "many" }, 5000];
    const named = publishedForm.parse({
      groups: [{ fields: [{ node: "trainer", param: "steps", choices }] }],
      limits: { minutes: 1 },
    });
    expect(named.groups[0]?.fields[0]?.choices).toEqual([...choices.slice(0, 2), { value: 5000 }]);
    expect(publishedForm.parse(named)).toEqual(named);
    const problemsWith = (steps: number) =>
      withFormValues(document, named, { "trainer.steps": steps }).problems.map(({ message }) => message);
    expect([problemsWith(500), problemsWith(5000)]).toEqual([[], []]);
    expect(problemsWith(60)).toEqual(["“Steps” is one of a few, many, 5000."]);
    expect(formWithin(named, document, registry).form).toEqual(named);
  });

  it("says what nobody could fill in: bounds that leave nothing, values that are not taken or not the graph's", () => {
    expect(field({ min: 10, max: 60, choices: [10, 50] })).toEqual([]);
    expect(field({ min: 60, max: 10 })).toEqual(["“Steps” is at least 60 and at most 10: none is both."]);
    expect(field({ choices: [50, "many"] })[0]).toMatch(/^“Steps” offers “many”, and cannot be this: /);
    expect(field({ choices: [50, { value: 50, label: "again" }] })).toEqual(["“Steps” offers “again” twice."]);
    expect(field({ choices: [10, 20] })).toEqual(["“Steps” is one of 10, 20. This version has 50."]);
    expect(field({ max: 20 })).toEqual(["“Steps” is at most 20 here. This version has 50."]);
  });
});

it("can show all parameters of what runs, inputs apart from settings, and what nothing reads", () => {
  const { params, outputs } = publishable(document);
  const kindOf = (node: string, param: string) =>
    params.find((each) => each.node === node && each.param === param)?.kind;
  expect([kindOf("load", "images"), kindOf("trainer", "steps"), kindOf("$", "D")]).toEqual([
    "input",
    "setting",
    "setting",
  ]);
  expect(outputs.find(({ node }) => node === "list")).toMatchObject({ port: "ranking", type: "ranking", isLast: true });
});
