import type { FC } from "react";
import type { Widget } from "#nodes/core/node";
import {
  ColorWidget,
  ListWidget,
  MultiSelectWidget,
  SelectWidget,
  TextAreaWidget,
  TextWidget,
  ToggleWidget,
} from "./basic";
import { columnsOf } from "./columns";
import { ConfigWidget } from "./config";
import { ImagesWidget, UploadWidget } from "./files";
import { NumberWidget, SeedWidget, SliderWidget } from "./number";
import { SecretWidget } from "./secret";
import { tableOf } from "./table";
import type { WidgetProps } from "./widget-props";

const TableWidget = tableOf((kind) => widgets[kind]);

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
  table: TableWidget,
  columns: columnsOf(TableWidget),
  config: ConfigWidget,
  secret: SecretWidget,
};
