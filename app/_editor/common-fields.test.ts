import { describe, expect, it } from "vitest";
import { commonFields, searchedFields } from "./common-fields";
import { definitionOf } from "./context";
import { fieldsOf } from "./widgets/describe";

const formed = (type: string, params = {}) => {
  const definition = definitionOf(type);
  if (!definition) throw new Error(type);
  return { params, fields: fieldsOf(definition) };
};

describe("the parameters of several nodes", () => {
  it("are all of one type's, with what they agree in", () => {
    const common = commonFields([
      formed("image.resize", { width: 64 }),
      formed("image.resize", { width: 64, height: 32 }),
    ]);
    const of = (name: string) => common.find(({ field }) => field.name === name);
    expect(of("width")).toMatchObject({ value: 64, isMixed: false });
    expect(of("height")).toMatchObject({ value: undefined, isMixed: true });
    expect(of("fit")).toMatchObject({ value: "cover", isMixed: false });
  });

  it("take a default for what it is: a value that is not written", () => {
    const common = commonFields([formed("image.resize", { width: 224 }), formed("image.resize")]);
    expect(common.find(({ field }) => field.name === "width")?.isMixed).toBe(false);
  });

  it("of different types are those of the same name and kind", () => {
    const common = commonFields([formed("image.resize"), formed("image.augment"), formed("data.emoji")]);
    const names = common.map(({ field }) => field.name);
    expect(names).not.toContain("width");
  });
});

describe("a search in parameters", () => {
  it("finds by name, label and description, each word anywhere", () => {
    const fields = fieldsOf(definitionOf("image.resize") as never);
    expect(searchedFields(fields, "wid").map(({ name }) => name)).toEqual(["width"]);
    expect(searchedFields(fields, "").length).toBe(fields.length);
    expect(searchedFields(fields, "no such thing")).toEqual([]);
  });
});
