import { expect, it } from "vitest";
import { unfolded } from "./docs";

it("joins the lines of a paragraph and of a list's item, and keeps what Markdown keeps apart", () => {
  expect(unfolded("one\ntwo\n\nthree\n- a\n  b\n- c\n\nend")).toBe("one two\n\nthree\n- a b\n- c\n\nend");
});
