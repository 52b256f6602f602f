import { expect, it } from "vitest";
import { nameFinder, type NameRules } from "./names";

const rules: NameRules = {
  renames: [[/^head\.decoder\.bias$/, "head.bias"]],
  prefixes: ["bert"],
  tied: { "head.decoder.bias": "head.bias" },
};

it("a name that is in a file twice, once under another name, is found as what it is", () => {
  const both = ["head.bias", "head.decoder.bias"];
  for (const begin of ["", "base_model.model."]) {
    const names = both.map((name) => begin + name);
    expect(both.map(nameFinder(names, rules))).toEqual(names);
    expect(both.map(nameFinder(names.toReversed(), rules))).toEqual(names);
  }
});

it("a name is found under what it became, with a prefix and without, and by what it is tied to", () => {
  expect(nameFinder(["head.decoder.bias"], rules)("head.bias")).toBe("head.decoder.bias");
  expect(nameFinder(["head.bias"], rules)("head.decoder.bias")).toBe("head.bias");
  expect(nameFinder(["bert.LayerNorm.gamma"], rules)("LayerNorm.weight")).toBe("bert.LayerNorm.gamma");
  expect(nameFinder(["LayerNorm.gamma"], rules)("bert.LayerNorm.weight")).toBe("LayerNorm.gamma");
  expect(nameFinder(["LayerNorm.gamma"], rules)("LayerNorm.bias")).toBeUndefined();
  const trained = "base_model.model.bert.query.base_layer.bias";
  expect(nameFinder([trained], rules)("bert.query.bias")).toBe(trained);
});
