/** app/_editor/previews/views.gen.ts: what draws each kind of view, by the files of its folder. */
import { readdir } from "node:fs/promises";
import { root } from "../installation.mjs";
import { camelCase } from "./node-files";

export async function viewsModule(): Promise<string> {
  const names = (await readdir(`${root}/app/_editor/previews/views`)).filter(isView).sort();
  const kinds = names.map((name) => name.slice(0, -".tsx".length));
  const entries = kinds.map((kind) => {
    const exported = camelCase(`-${kind}-view`);
    return `  "${kind}": lazy(async () => ({ default: (await import("./views/${kind}")).${exported} })),`;
  });
  return `// Written by scripts/gen.ts from the folder. Do not edit.
import { type ComponentType, lazy } from "react";
import type { ViewKind, ViewOf } from "#nodes/core/view";
import type { PreviewProps } from "./preview-props";

/** Each is loaded when the first of its kind is shown. */
export const views: { [K in ViewKind]: ComponentType<PreviewProps<ViewOf<K>>> } = {
${entries.join("\n")}
};
`;
}

const isView = (name: string): boolean => name.endsWith(".tsx") && !name.includes(".test");
