import { setConstantValue } from "#nodes/graph/constants";
import type { GraphDocument } from "#nodes/graph/document";
import { type Changes, changed } from "./changed";

interface Shorter {
  constants?: Readonly<Record<string, number>>;
  nodes?: Changes;
}

/**
 * What scripts/pictures.ts changes in a template before it runs, by template: values of its constants, and parameters
 * of nodes. Trainings of minutes are made shorter, so that all pictures together take a few. The pages' captions say
 * so.
 */
export const shorter: Readonly<Record<string, Shorter>> = {
  "albef-pretrain": { constants: { steps: 20 } },
  "albef-retrieval": { constants: { steps: 20, tuning_steps: 12 } },
  "align-train": { constants: { steps: 20 } },
  "blip-capfilt": { constants: { web_pairs: 192, human_pairs: 96, batch: 16, steps: 20, tuning_steps: 12 } },
  "blip-pretrain": { constants: { steps: 20 } },
  "clip-resnet-train": { constants: { steps: 30 } },
  "clip-vit-train": { constants: { steps: 30 } },
  "clip-train-emoji": { nodes: { trainer: { steps: 60, warmup: 10 } } },
  "distill-ema-teacher": { nodes: { trainer: { steps: 40, warmup: 10 } } },
  "import-onnx-finetune": { nodes: { trainer: { steps: 100 }, probe: { steps: 100 } } },
  "linear-probe": {
    nodes: { clip_trainer: { steps: 100, evaluate: 20 }, base_trainer: { steps: 100, evaluate: 20 } },
  },
  "llava-from-nothing": {
    nodes: {
      data: { rows: 48 },
      unseen: { rows: 12 },
      "llava/vision": { layers: 1 },
      trainer: { steps: 8, warmup: 1, batch: 8 },
    },
  },
  "llava-train-two-stages": {
    nodes: {
      trainer: {
        warmup: 2,
        stages: [
          { name: "1: captions", steps: 12, trains: "projector*=3, *", data: "caption" },
          { name: "2: questions", steps: 24, trains: "*", data: "colour=1, shape=1, yes or no=3" },
        ],
      },
    },
  },
  "mae-pretrain": { constants: { steps: 60, tuning_steps: 20 }, nodes: { probe_trainer: { steps: 40 } } },
  vilt: { constants: { steps: 12 } },
  vlmo: { constants: { steps_pictures: 8, steps_texts: 8, steps_pairs: 8 } },
  "lora-finetune": { nodes: { trainer: { steps: 20, warmup: 4 } } },
};

/** By template, which of its nodes show what it gives: one, or two side by side. */
export const results: Readonly<Record<string, readonly string[]>> = {
  "albef-pretrain": ["curve", "recall"],
  "albef-retrieval": ["before", "recall"],
  "align-train": ["curve", "retrieval"],
  "ask-about-my-picture": ["grid"],
  "blip-capfilt": ["shown"],
  "blip-pretrain": ["curve", "recall"],
  "chat-with-a-language-model": ["answer"],
  "clip-resnet-train": ["curve"],
  "clip-retrieval-emoji": ["search"],
  "clip-train-emoji": ["curve", "labels"],
  "clip-vit-train": ["curve"],
  "clip-zero-shot-emoji": ["labels"],
  "distill-ema-teacher": ["after_student_accuracy", "after_teacher_accuracy"],
  "embed-and-search-text": ["search"],
  "fine-tune-an-llm-lora": ["trainer"],
  "image-embeddings": ["heatmap"],
  "import-onnx-finetune": ["accuracy", "baseline"],
  "linear-probe": ["clip_accuracy", "base_accuracy"],
  "llava-from-nothing": ["curve", "vqa"],
  "llava-next": ["pictures", "tiler"],
  "llava-onevision": ["pictures", "tiler"],
  "llava-train-two-stages": ["curve", "vqa"],
  "lora-finetune": ["before_accuracy", "after_accuracy"],
  "mae-pretrain": ["drawn"],
  vilt: ["curve", "accuracy"],
  vlmo: ["curve", "recall"],
  "zero-shot-with-your-clip": ["labels"],
};

/**
 * Templates that are photographed on the models that they name, since what a tiny one with random weights says means
 * nothing. They lie under their names, in small letters, in `fetched` of the data folder: `patchbay fetch` brings
 * smollm2, and others are put beside it.
 */
export const onRealModels: readonly string[] = [
  "ask-about-my-picture",
  "chat-with-a-language-model",
  "embed-and-search-text",
];

/** A template as its picture shows it. */
export function shortened(id: string, document: GraphDocument): GraphDocument {
  const { constants = {}, nodes = {} } = shorter[id] ?? {};
  return Object.entries(constants).reduce(
    (now, [name, value]) => setConstantValue(now, name, value),
    changed(document, nodes),
  );
}
