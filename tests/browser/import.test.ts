import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { StringStringEntryProtoSchema, TensorProtoSchema } from "onnx-buf";
import { expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withBrowser } from "../kit/browser";
import { graph } from "../kit/graphs";
import { branch, floatTensor, onnxFile } from "../kit/onnx-file";
import { openPage } from "../kit/product";

withBrowser();

it("a foreign ONNX model is uploaded, shows its ports at once, and runs", async () => {
  const { page, errors, shot } = await openPage(browser);
  const file = join(product.data, "foreign.json");
  const document = graph(
    {
      text: ["text.input", { text: "a red apple" }],
      tokenizer: ["text.load-tokenizer"],
      tokens: ["text.tokenize", { length: 7 }],
      model: ["model.onnx", { source: "upload" }],
      export: ["output.export-onnx"],
    },
    [
      "text.text -> tokens.text",
      "tokenizer.tokenizer -> tokens.tokenizer",
      "tokens.ids -> model.ids",
      "model.y -> export.tensor",
    ],
  );
  spreadOut(document);
  writeFileSync(file, JSON.stringify(document));
  await page.goto(product.url);
  await page.setInputFiles('input[type="file"]', file);
  await page.waitForSelector('[data-node="model"] :text("No model is chosen.")');
  expect(await page.locator('[aria-label="input model.ids"]').count()).toBe(0);

  await page.click('[data-node="model"] [title^="A model from an .onnx file"]');
  const upload = 'aside[aria-label="Inspector"] input[type=file]';
  await page.setInputFiles(upload, "package.json");
  await page.waitForSelector(':text("This cannot be read as an ONNX model")');
  await page.setInputFiles(upload, "tests/fixtures/onnx/text.onnx");
  await page.waitForSelector('[aria-label="input model.ids"]');
  await page.waitForSelector('[aria-label="output model.y"]');
  await page.waitForSelector('aside[aria-label="Inspector"] :text("[text.N, 7] int64")');
  expect(await page.locator(".react-flow__edge").count()).toBe(4);
  await shot("import-onnx");

  await page.click("header button:has-text('Run')");
  await page.waitForSelector("[data-run-status=failed], [data-run-status=done]", { timeout: 120_000 });
  // Token ids of this tokenizer go beyond the model's thirty: the run says so, and the export needs no data.
  expect(await page.getAttribute('[data-node="export"]', "data-status")).toBe("done");
  await shot("import-onnx-run");
  expect(errors).toEqual([]);
});

/** A model with a branch, which runs as its file is, and one whose weights lie in another file. */
const branching = () =>
  onnxFile({
    nodes: [
      ["ReduceMax", ["pixels"], ["most"], { keepdims: 0 }],
      ["Greater", ["most", "zero"], ["is"]],
      [
        "If",
        ["is"],
        ["y"],
        {
          then_branch: branch({ nodes: [["Relu", ["pixels"], ["t"]]], outputs: ["t"] }),
          else_branch: branch({ nodes: [["Neg", ["pixels"], ["e"]]], outputs: ["e"] }),
        },
      ],
    ],
    inputs: { pixels: ["batch", 3, 28, 28] },
    outputs: { y: ["batch", 3, 28, 28] },
    weights: [floatTensor("zero", [], [0])],
  });

const inTwoFiles = () =>
  onnxFile({
    nodes: [["Mul", ["pixels", "w"], ["scaled"]]],
    inputs: { pixels: ["batch", 3, 28, 28] },
    outputs: { scaled: ["batch", 3, 28, 28] },
    weights: [
      create(TensorProtoSchema, {
        name: "w",
        dataType: 1,
        dims: [3n, 1n, 1n],
        dataLocation: 1,
        externalData: [create(StringStringEntryProtoSchema, { key: "location", value: "scaled.onnx.data" })],
      }),
    ],
  });

function spreadOut({ nodes }: GraphDocument): void {
  for (const [i, node] of Object.values(nodes).entries()) node.position = { x: i * 290, y: (i % 2) * 160 };
}

it("a model that cannot become ops says so on its node and runs, and one in two files is chosen with both", async () => {
  const { page, errors, shot } = await openPage(browser);
  const nodes: Parameters<typeof graph>[0] = {
    data: ["data.mnist", { limit: 2 }],
    normalize: ["image.normalize", { preset: "half" }],
    model: ["model.onnx", { source: "upload" }],
  };
  const document = graph(nodes, ["data.image -> normalize.image", "normalize.pixels -> model.pixels"]);
  spreadOut(document);
  const file = join(product.data, "branching.json");
  const model = join(product.data, "branching.onnx");
  writeFileSync(file, JSON.stringify(document));
  writeFileSync(model, branching());
  await page.goto(product.url);
  await page.setInputFiles('input[type="file"]', file);
  await page.click('[data-node="model"] [title^="A model from an .onnx file"]');
  const upload = 'aside[aria-label="Inspector"] input[type=file]';
  await page.setInputFiles(upload, model);
  await page.waitForSelector('[data-node="model"] [data-notice]:has-text("“If” (node “node_2”) is control flow.")');
  expect(await page.locator('[aria-label="input model.weights"]').count()).toBe(0);
  await page.click("header button:has-text('Run')");
  await page.waitForSelector('[data-node="model"][data-status=done]', { timeout: 120_000 });
  await shot("import-onnx-as-it-is");

  const [scaled, weights] = ["scaled.onnx", "scaled.onnx.data"].map((name) => join(product.data, name)) as [
    string,
    string,
  ];
  writeFileSync(scaled, inTwoFiles());
  writeFileSync(weights, new Uint8Array(Float32Array.of(1, 2, 3).buffer));
  await page.setInputFiles(upload, scaled);
  await page.waitForSelector(':text("The weights lie in scaled.onnx.data: choose it together with the model.")');
  await shot("import-onnx-one-of-two");
  await page.setInputFiles(upload, [scaled, weights]);
  await page.waitForSelector('[aria-label="output model.scaled"]');
  expect(await page.locator('[data-node="model"] [data-notice]').count()).toBe(0);
  expect(errors).toEqual([]);
});
