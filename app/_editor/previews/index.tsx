"use client";

import type { FC } from "react";
import type { Preview, PreviewOf } from "#nodes/core/preview";
import type { PortType } from "#nodes/core/values";
import {
  FilePreview,
  MatrixPreview,
  NumberPreview,
  TensorPreview,
  TextPreview,
  TokenizerPreview,
  WeightsPreview,
} from "./numbers";
import { GalleryPreview, ImagePreview, RankingPreview } from "./pictures";
import { SeriesPreview } from "./series";

export interface PreviewProps<P> {
  preview: P;
  /** The port's name. */
  name: string;
  /** In a window of its own instead of on the node. */
  large?: boolean;
}

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
};

export function PreviewView({ preview, name, large }: { preview: Preview; name: string; large?: boolean }) {
  const View = previews[preview.type] as FC<PreviewProps<Preview>>;
  return <View preview={preview} name={name} large={large} />;
}
