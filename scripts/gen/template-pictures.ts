import type { Changes } from "./changed";

/**
 * What scripts/pictures.ts changes in a template before it runs, by template, node and parameter: trainings of minutes
 * are made shorter, so that all pictures together take a few. The pages' captions say so.
 */
export const shortened: Readonly<Record<string, Changes>> = {
  "albef-pretrain": {
    trainer: { warmup: 2, stages: [{ steps: 20, trains: "temp decay, visual_encoder.cls_token decay, *" }] },
  },
  "align-train": { trainer: { stages: [{ steps: 20, warmup: 2, trains: "* decay" }] } },
  "blip-capfilt": {
    web: { rows: 192 },
    human: { rows: 96 },
    trainer: { warmup: 2, batch: 16, stages: [{ steps: 20, trains: "* decay" }] },
    captioner_trainer: { warmup: 2, batch: 16, stages: [{ steps: 12, trains: "* decay" }] },
    filter_trainer: { warmup: 2, batch: 16, stages: [{ steps: 8, trains: "* decay" }] },
    again_trainer: { warmup: 2, batch: 16, stages: [{ steps: 20, trains: "* decay" }] },
  },
  "blip-pretrain": { trainer: { warmup: 2, stages: [{ steps: 20, trains: "* decay" }] } },
  "clip-resnet-train": { trainer: { steps: 30, warmup: 5 } },
  "clip-vit-train": { trainer: { steps: 30, warmup: 5 } },
  "clip-train-emoji": { trainer: { steps: 60, warmup: 10 } },
  "distill-ema-teacher": { trainer: { steps: 40, warmup: 10 } },
  "import-onnx-finetune": { trainer: { steps: 100 }, probe: { steps: 100 } },
  "linear-probe": { clip_trainer: { steps: 100, evaluate: 20 }, base_trainer: { steps: 100, evaluate: 20 } },
  "llava-from-nothing": {
    data: { rows: 48 },
    unseen: { rows: 12 },
    "llava/vision": { layers: 1 },
    trainer: { steps: 8, warmup: 1, batch: 8 },
  },
  "llava-train-two-stages": {
    trainer: {
      warmup: 2,
      stages: [
        { name: "1: captions", steps: 12, trains: "projector*=3, *", data: "caption" },
        { name: "2: questions", steps: 24, trains: "*", data: "colour=1, shape=1, yes or no=3" },
      ],
    },
  },
  "mae-pretrain": {
    trainer: { stages: [{ steps: 60, warmup: 6, trains: "*.bias decay 0, *norm*.weight decay 0, * decay" }] },
    probe_trainer: { steps: 40, warmup: 4 },
    tuned_trainer: { stages: [{ steps: 20, warmup: 2, trains: "*=0.75^layer" }] },
  },
  vilt: { trainer: { stages: [{ steps: 12, warmup: 2, trains: "* decay" }] } },
  vlmo: {
    trainer_pictures: { stages: [{ steps: 8, warmup: 2, trains: "*" }] },
    trainer_texts: {
      stages: [{ steps: 8, warmup: 2, trains: "*mlp_text*, *norm2_text*, text_embeddings*, mlm_score*" }],
    },
    trainer: { stages: [{ steps: 8, warmup: 2, trains: "* decay" }] },
  },
  "lora-finetune": { trainer: { steps: 20, warmup: 4 } },
};
