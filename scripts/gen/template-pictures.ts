/**
 * What scripts/pictures.ts changes in a template before it runs, by template, node and parameter: trainings of minutes
 * are made shorter, so that all pictures are made in less than ten. The pages' captions say so.
 */
export const shortened: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>> = {
  "clip-train-emoji": { trainer: { steps: 200 } },
  "distill-ema-teacher": { trainer: { steps: 100 } },
  "lora-finetune": { trainer: { steps: 50 } },
};
