import { expect, it } from "vitest";
import { emptyForm, publishedForm } from "#nodes/graph/published-form";
import {
  moved,
  shifted,
  withField,
  withFieldChanged,
  withGroup,
  withGroupMoved,
  withOutput,
  withOutputChanged,
  withOutputMoved,
  withoutField,
  withoutGroup,
} from "./form-edits";

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

it("groups and outputs change places and go, and outputs are called as somebody likes", () => {
  expect(shown(withGroupMoved(two, 1, -1))).toEqual(["z", "xy"]);
  expect(shown(withGroupMoved(two, 1, 1))).toEqual(["xy", "z"]);
  expect(shown(withoutGroup(two, 0))).toEqual(["z"]);
  const outputs = ["p", "q"].reduce((form, port) => withOutput(form, { node: "a", port }), two);
  expect(withOutputMoved(withOutputChanged(outputs, 1, { label: "Last" }), 1, -1).outputs).toEqual([
    { node: "a", port: "q", label: "Last" },
    { node: "a", port: "p" },
  ]);
  expect(shifted([1, 2, 3], 0, -1)).toEqual([1, 2, 3]);
});

it("a group without fields stays while a form is edited, and takes the field that moves into it", () => {
  const empty = withGroup(made);
  expect(shown(empty)).toEqual(["xy", ""]);
  expect(shown(moved(empty, { group: 0, field: 1 }, 1))).toEqual(["x", "y"]);
});
