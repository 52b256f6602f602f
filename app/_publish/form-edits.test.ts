import { expect, it } from "vitest";
import { emptyForm, publishedForm } from "#nodes/graph/published-form";
import { moved, withField, withFieldChanged, withGroup, withoutField } from "./form-edits";

const field = (param: string) => ({ node: "a", param });
const made = ["x", "y"].reduce((form, param) => withField(form, field(param)), emptyForm);
const two = withField(withGroup(made), field("z"));
const shown = (form: typeof two) => form.groups.map(({ fields }) => fields.map(({ param }) => param).join(""));

it("fields go into the last group, and move within and between groups", () => {
  expect(shown(two)).toEqual(["xy", "z"]);
  expect(shown(moved(two, { group: 0, field: 0 }, 1))).toEqual(["yx", "z"]);
  expect(shown(moved(two, { group: 0, field: 1 }, 1))).toEqual(["x", "yz"]);
  expect(shown(moved(two, { group: 1, field: 0 }, -1))).toEqual(["xyz"]);
  expect(shown(moved(two, { group: 0, field: 0 }, -1))).toEqual(["xy", "z"]);
});

it("a group goes with its last field, and what comes of all edits is a form", () => {
  const less = withoutField(two, { group: 1, field: 0 });
  expect(shown(less)).toEqual(["xy"]);
  expect(publishedForm.parse(withFieldChanged(less, { group: 0, field: 1 }, { label: "Why" }))).toMatchObject({
    groups: [{ fields: [{ param: "x" }, { param: "y", label: "Why" }] }],
  });
});
