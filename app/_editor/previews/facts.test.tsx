import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import type { PreviewOf } from "#nodes/core/preview";
import { TensorPreview } from "./facts";

const tensor: PreviewOf["tensor"] = { dtype: "float32", shape: [2, 3], head: [1, 2], min: 1, max: 2 };
const shown = (odd?: PreviewOf["tensor"]["odd"]) =>
  renderToStaticMarkup(<TensorPreview name="tensor" preview={{ ...tensor, odd }} />);

it("numbers that are none are counted, and the place of the first is told", () => {
  const marked = shown({ nan: 1200, infinite: 3, first: [1, 2] });
  expect(marked).toContain("data-odd");
  expect(marked).toContain("1,200 NaN, 3 infinite, first at [1, 2]");
  expect(shown({ nan: 0, infinite: 3, first: [0] })).toContain(">3 infinite, first at [0]");
  expect(shown()).not.toContain("data-odd");
});
