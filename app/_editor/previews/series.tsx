"use client";

import type { PreviewOf } from "#nodes/core/preview";
import { Chart } from "../../_ui/chart";
import type { PreviewProps } from "./preview-props";

export function SeriesPreview({ preview: { x, lines }, large }: PreviewProps<PreviewOf["series"]>) {
  // Lines of very different sizes do not share an axis on a small chart: there the first one stands for them.
  const shown = large || lines.length < 3 ? lines : lines.slice(0, 1);
  return <Chart label={x.label} x={x.values} lines={shown} height={large ? 320 : 120} legend={large} />;
}
