import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { EditorProvider } from "./context";
import { createView } from "./view";
import { PictureInInspector, PictureOnNode } from "./picture-drawing";
import { createEditor } from "./store";

const picture = { ref: "a".repeat(64), name: "boat.png", width: 1000, height: 600 };

function drawn(images: object[], View: typeof PictureOnNode, params: object = {}): string {
  const document = graph({ load: ["image.load", { images }], tiler: ["image.anyres-tiler", { ...params }] }, [
    "load.image -> tiler.images",
  ]);
  const store = createEditor({ graphId: "g", document });
  return renderToStaticMarkup(
    <EditorProvider store={store} view={createView()}>
      <View id="tiler" />
    </EditorProvider>,
  );
}

it("draws the grid over a picture that was uploaded, before anything ran", () => {
  const markup = drawn([picture], PictureOnNode);
  expect(markup).toContain('viewBox="0 0 1152 768"');
  expect(markup).toContain(`href="/api/blobs/${picture.ref}" x="0" y="38" width="1152" height="692"`);
  expect(markup.match(/<rect/g)).toHaveLength(1 + 6);
  expect(markup).toContain("7 tiles, 4,665 tokens.");
});

it("draws nothing on the node while no picture is known, and a size that is typed in the inspector", () => {
  expect(drawn([], PictureOnNode)).toBe("");
  const markup = drawn([], PictureInInspector);
  expect(markup).toContain('aria-label="Width"');
  expect(markup).toContain("7 tiles, 4,665 tokens.");
  expect(markup).not.toContain("<image");
});

it("draws nothing of parameters that are wrong", () => {
  expect(drawn([picture], PictureOnNode, { resolutions: "none" })).toBe("");
});
