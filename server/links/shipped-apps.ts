/** Apps that come with Patchbay: templates that read what somebody drops, instead of what ships. */
import type { GraphDocument } from "#nodes/graph/document";
import type { PublishedForm } from "#nodes/graph/published-form";
import { readTemplate } from "../templates";

interface ShippedApp {
  id: string;
  title: string;
  text: string;
  template: string;
  form: PublishedForm;
  change(template: GraphDocument): GraphDocument;
}

const sources = [
  { value: "upload", label: "files that I drop here" },
  { value: "folder", label: "in a folder of this machine" },
];

export const shippedApps: readonly ShippedApp[] = [
  {
    id: "train-on-my-folder",
    title: "Train on my folder",
    text:
      "Adapts the CLIP that ships with Patchbay to pictures of yours. **What a picture shows is its file's name**: " +
      "`red boat.jpg`. Drop some dozens of them, or name a folder of this machine that may be read, and press start.",
    template: "lora-finetune",
    change: onOwnPictures,
    form: {
      groups: [
        {
          title: "Your pictures",
          fields: [
            { node: "data", param: "source", label: "They are", choices: sources },
            { node: "data", param: "images" },
            { node: "data", param: "folder" },
          ],
        },
        {
          title: "Training",
          fields: [
            { node: "trainer", param: "steps", min: 1, max: 2000 },
            { node: "trainer", param: "lr", min: 0.0001, max: 0.01 },
          ],
        },
      ],
      outputs: [
        { node: "trainer", port: "curve", label: "How it learned" },
        { node: "after_accuracy", port: "top1", label: "Named right, of your pictures" },
        { node: "list", port: "ranking", label: "What it sees in them" },
        { node: "save", port: "file", label: "The trained weights" },
      ],
      limits: { minutes: 120, rows: 5000, steps: 2000 },
    },
  },
];

/** A shipped app with its graph; nothing where none has this name. */
export async function shippedApp(id: string) {
  const app = shippedApps.find((each) => each.id === id);
  const template = app && (await readTemplate(app.template));
  if (!app || !template) return undefined;
  const { title, text, form } = app;
  return { id, title, text, form, document: { ...app.change(template), name: title } };
}

/** Reads somebody's pictures, trains on all of them, and names them afterwards by what any of them is called. */
function onOwnPictures(template: GraphDocument): GraphDocument {
  const isKept = (id: string) => !id.startsWith("before_") && id !== "test_data";
  const kept = Object.fromEntries(Object.entries(template.nodes).filter(([id]) => isKept(id)));
  const place = template.nodes.after_accuracy?.position ?? { x: 0, y: 0 };
  const wires = template.wires.filter(({ from, to }) => isKept(to.node) && !from.node.startsWith("before_"));
  const trainer = kept.trainer as GraphDocument["nodes"][string];
  const added = (type: string, y: number) => ({
    type,
    version: 1,
    params: {},
    position: { x: place.x, y: place.y + y },
  });
  return {
    ...template,
    nodes: {
      ...kept,
      data: { ...added("image.load", 0), version: 2, title: "Your pictures", position: { x: 0, y: 0 } },
      trainer: { ...trainer, params: { ...trainer.params, batch: 16, steps: 100, warmup: 10 } },
      labels: added("eval.zero-shot-classifier", 240),
      list: added("output.ranked-labels", 480),
    },
    wires: [
      ...wires.map((wire) =>
        wire.from.node === "test_data" ? { ...wire, from: { ...wire.from, node: "data" } } : wire,
      ),
      { from: { node: "after_clip", port: "logits" }, to: { node: "labels", port: "logits" } },
      { from: { node: "data", port: "name" }, to: { node: "labels", port: "labels" } },
      { from: { node: "data", port: "name" }, to: { node: "labels", port: "truth" } },
      { from: { node: "data", port: "image" }, to: { node: "labels", port: "image" } },
      { from: { node: "labels", port: "ranking" }, to: { node: "list", port: "ranking" } },
    ],
  };
}
