import type { FC } from "react";
import type { Widget } from "#nodes/core/node";
import type { GraphNode } from "#nodes/graph/document";
import {
  ColorWidget,
  ListWidget,
  MultiSelectWidget,
  NumberWidget,
  SeedWidget,
  SelectWidget,
  SliderWidget,
  TextAreaWidget,
  TextWidget,
  ToggleWidget,
} from "./basic";
import type { Field } from "./describe";
import { ImagesWidget, UploadWidget } from "./files";
import { tableOf } from "./table";

export interface WidgetProps {
  id: string;
  field: Field;
  value: unknown;
  /** `undefined` leaves an optional value out. Changes with the same `part` in a row are one step of undo. */
  onChange(value: GraphNode["params"][string] | undefined, part?: string): void;
  disabled?: boolean;
}

/** One component for each kind of widget; a new kind does not compile until it has one. */
export const widgets: { [W in Widget]: FC<WidgetProps> } = {
  number: NumberWidget,
  slider: SliderWidget,
  text: TextWidget,
  textarea: TextAreaWidget,
  select: SelectWidget,
  multiselect: MultiSelectWidget,
  toggle: ToggleWidget,
  seed: SeedWidget,
  color: ColorWidget,
  images: ImagesWidget,
  upload: UploadWidget,
  list: ListWidget,
  table: tableOf((kind) => widgets[kind]),
};
