/**
 * What scripts/pictures.ts changes in a template before it runs, by template, node and parameter: trainings of minutes
 * are made shorter, so that all pictures together take a few. The pages' captions say so.
 */
export const shortened: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>> = {
  "clip-train-emoji": { trainer: { steps: 60, warmup: 10 } },
  "distill-ema-teacher": { trainer: { steps: 40, warmup: 10 } },
  "import-onnx-finetune": { trainer: { steps: 100 }, probe: { steps: 100 } },
  "linear-probe": { clip_trainer: { steps: 100, evaluate: 20 }, base_trainer: { steps: 100, evaluate: 20 } },
  "lora-finetune": { trainer: { steps: 20, warmup: 4 } },
};
