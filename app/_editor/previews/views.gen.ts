// Written by scripts/gen.ts from the folder. Do not edit.
import { type ComponentType, lazy } from "react";
import type { ViewKind, ViewOf } from "#nodes/core/view";
import type { PreviewProps } from "./preview-props";

/** Each is loaded when the first of its kind is shown. */
export const views: { [K in ViewKind]: ComponentType<PreviewProps<ViewOf<K>>> } = {
  "before-after": lazy(async () => ({ default: (await import("./views/before-after")).BeforeAfterView })),
  "embedding-map": lazy(async () => ({ default: (await import("./views/embedding-map")).EmbeddingMapView })),
  "patch-heat": lazy(async () => ({ default: (await import("./views/patch-heat")).PatchHeatView })),
  "tiles": lazy(async () => ({ default: (await import("./views/tiles")).TilesView })),
  "tokens": lazy(async () => ({ default: (await import("./views/tokens")).TokensView })),
};
