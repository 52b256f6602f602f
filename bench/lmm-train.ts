/**
 * A training step of the small multimodal model (frozen tower, projector, SmolLM2-135M's sizes with LoRA, 12 rows of a
 * picture and a short question) beside PyTorch with transformers and PEFT, eager, on the same threads. Weights are
 * drawn, as time and memory follow from sizes alone. Python must have torch, transformers and peft
 * (`PATCHBAY_BENCH_PYTHON`).
 * `npm run bench:lmm-train -- [rounds] [steps a round]`
 */
import { besideTorch } from "./beside-torch";
import { smollm2 } from "./finetune-llm/sizes";
import { sizes } from "./lmm-train/sizes";

await besideTorch({
  bench: "lmm-train",
  model: `SmolLM2-135M with LoRA of rank ${sizes.rank} behind a frozen tower, ${sizes.rows} × ${sizes.length} tokens`,
  ours: "bench/lmm-train/ours.ts",
  torch: "bench/torch/lmm_train.py",
  settings: [smollm2, sizes],
  rounds: Number(process.argv[2] ?? 5),
  steps: Number(process.argv[3] ?? 4),
});
process.exit(0);
