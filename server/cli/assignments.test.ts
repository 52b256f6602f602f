import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { type Blobs, openBlobs } from "#server/storage/blobs";
import { graph } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { withAssignments } from "./assignments";

let folder: string;
let blobs: Blobs;
beforeAll(async () => {
  folder = await temporaryFolder();
  blobs = openBlobs(join(folder, "blobs"));
});

/** Two nodes whose width is a constant. */
function sized(): GraphDocument {
  const document = graph(
    {
      data: ["data.emoji", { limit: 4 }],
      one: ["image.resize", { width: { $: "side" }, height: { $: "side" } }],
      two: ["image.resize", { width: { $: "side" } }],
      prompts: ["text.prompts", { templates: { $: "template" } }],
    },
    ["data.image -> one.image", "data.image -> two.image", "data.name -> prompts.text"],
  );
  document.constants = {
    side: { kind: "number", value: 32 },
    template: { kind: "text", value: "a {}" },
    vendor: { kind: "choice", value: "fluent", choices: ["fluent", "noto"] },
  };
  return document;
}
const assigned = (...assignments: string[]) => withAssignments(sized(), assignments, blobs);

describe("--set $.NAME", () => {
  it("gives a constant another value, and with it all that refer to it", async () => {
    const document = await assigned("$.side=48");
    expect(document.constants?.side).toEqual({ kind: "number", value: 48 });
    const { graph: resolved } = check(document);
    const widths = ["one", "two"].map((id) => resolved.nodes.get(id)?.params.width);
    expect([...widths, resolved.nodes.get("one")?.params.height]).toEqual([48, 48, 48]);
    expect(document.nodes).toEqual(sized().nodes);
  });

  it("takes numbers as text where the constant is one, files, and choices that there are", async () => {
    await writeFile(join(folder, "template.txt"), "a drawing of {}");
    const { constants } = await assigned(
      `$.template=@${join(folder, "template.txt")}`,
      "$.vendor=noto",
      "$.side=1",
      "$.side=2",
    );
    expect(constants?.template).toEqual({ kind: "text", value: "a drawing of {}" });
    expect(constants?.vendor).toMatchObject({ value: "noto" });
    expect(constants?.side).toMatchObject({ value: 2 });
    expect((await assigned("$.template=7")).constants?.template).toEqual({ kind: "text", value: "7" });
  });

  it.each([
    ["$.gone=1", /the constant “gone”, which the graph does not have. Its constants: side, template, vendor\./],
    ["$.constructor=1", /the constant “constructor”, which the graph does not have/],
    ["$.side=wide", /gives the constant “side” another kind of value/],
    ["$.vendor=apple", /gives the constant “vendor” another kind of value/],
  ])("refuses %s, and says what there is", async (assignment, message) => {
    await expect(assigned(assignment)).rejects.toThrow(message);
  });
});
