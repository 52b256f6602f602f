"use client";

import type { FC } from "react";
import type { Preview, PreviewOf } from "#nodes/core/preview";
import type { PortType } from "#nodes/core/values";
import { FilePreview, NumberPreview, TensorPreview, TextPreview, TokenizerPreview, WeightsPreview } from "./facts";
import { MatrixPreview } from "./matrix";
import { GalleryPreview, ImagePreview } from "./pictures";
import type { PreviewProps } from "./preview-props";
import { RankingPreview } from "./ranking";
import { SeriesPreview } from "./series";
import { ViewPreview } from "./view";

/** One component for each type of port; a new type does not compile until it has one. */
const previews: { [T in PortType]: FC<PreviewProps<PreviewOf[T]>> } = {
  image: ImagePreview,
  text: TextPreview,
  tensor: TensorPreview,
  number: NumberPreview,
  weights: WeightsPreview,
  tokenizer: TokenizerPreview,
  series: SeriesPreview,
  ranking: RankingPreview,
  matrix: MatrixPreview,
  gallery: GalleryPreview,
  file: FilePreview,
  view: ViewPreview,
};

export function PreviewView({ preview, ...rest }: PreviewProps<Preview>) {
  const View = previews[preview.type] as FC<PreviewProps<Preview>>;
  return <View preview={preview} {...rest} />;
}
