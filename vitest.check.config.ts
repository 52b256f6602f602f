import { defineConfig } from "vitest/config";
import all, { parts } from "./vitest.config";

/** They train, decode thousands of pictures or open many models: seconds each, where others take less than two. */
const slow = [
  "models/onnx/ops.test.ts",
  "models/onnx/gradients/indexing.test.ts",
  "models/files/safetensors.test.ts",
  "models/onnx/import/{opsets,translate}.test.ts",
  "nodes/data/data.test.ts",
  "nodes/model/{convnext,efficientnet,onnx,onnx-batch}.test.ts",
  "nodes/output/export-onnx.test.ts",
];

/** The tests of `npm run check`: of models, nodes and editor, without database, worker or browser. */
export default defineConfig({
  ...all,
  test: {
    ...all.test,
    projects: [
      {
        ...parts,
        test: {
          ...parts.test,
          include: [
            "{models,nodes,app}/**/*.test.{ts,tsx}",
            "scripts/refusal.test.ts",
            "tests/{form,links,registry}.test.ts",
          ],
          exclude: [...slow, "node_modules/**"],
        },
      },
    ],
  },
});
