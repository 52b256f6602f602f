/** Who may import whom. A test may import anything. docs/architecture.md has the same as a table. */
const tests = "\\.test(-d)?\\.tsx?$";
const layer = (name, from, forbidden) => ({
  name,
  severity: "error",
  from: { path: from, pathNot: tests },
  to: { path: forbidden },
});

module.exports = {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    layer("models-is-the-floor", "^models/", "^(nodes|server|app|scripts|tests)/"),
    layer("nodes-know-no-machine", "^nodes/", "^(server|app|scripts|tests)/"),
    layer(
      "categories-do-not-know-each-other",
      "^nodes/(data|image|text|model|loss|train|weights|eval|output)/",
      "^nodes/graph/|registry\\.gen",
    ),
    {
      name: "one-category-at-a-time",
      severity: "error",
      from: { path: "^nodes/(data|image|text|model|loss|train|weights|eval|output)/", pathNot: tests },
      to: { path: "^nodes/(data|image|text|model|loss|train|weights|eval|output)/", pathNot: "^nodes/$1/" },
    },
    {
      name: "nodes-and-models-run-anywhere",
      severity: "error",
      from: { path: "^(nodes|models)/", pathNot: tests },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "pure-code-has-few-packages",
      severity: "error",
      from: { path: "^(nodes|models)/", pathNot: tests },
      to: {
        path: "node_modules",
        pathNot:
          "node_modules/(zod|onnx-buf|@bufbuild|@huggingface/(tokenizers|jinja)|csv-parse|yaml|fflate|hyparquet[a-z-]*|umap-js)/",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "native-packages-live-in-runtime",
      severity: "error",
      from: {
        pathNot: [
          `^(server/runtime|tests|bench)/|${tests}`,
          "^scripts/(pictures\\.ts|gen/card-picture\\.ts|claims/one-thread\\.ts|conformance/)",
        ],
      },
      to: { path: "node_modules/(onnxruntime-node|sharp)/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "prisma-lives-in-server",
      severity: "error",
      from: { path: "^(app|nodes|models)/" },
      to: { path: "node_modules/(@prisma|pg|pg-boss)/|^prisma/" },
    },
    {
      name: "the-queue-lives-in-jobs",
      severity: "error",
      from: { pathNot: "^server/jobs/" },
      to: { path: "node_modules/pg-boss/" },
    },
    {
      name: "web-never-reaches-the-runtime",
      severity: "error",
      from: { path: "^(app|server/(routers|api))/", pathNot: tests },
      to: { path: "^server/runtime/", reachable: true },
    },
    {
      name: "only-tests-import-tests",
      severity: "error",
      from: { pathNot: `^(tests|bench)/|^scripts/(pictures|screens)\\.ts$|${tests}` },
      to: { path: "^tests/" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules|^prisma/generated" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
      extensions: [".ts", ".tsx", ".js", ".mjs"],
    },
  },
};
