/**
 * A LoRA step on SmolLM2-135M's sizes, 4 rows of 256 tokens, beside PyTorch with transformers and PEFT, eager, on the
 * same threads. Weights are drawn, as time and memory follow from sizes alone. Python must have torch, transformers and
 * peft (`PATCHBAY_BENCH_PYTHON`).
 * `npm run bench:finetune-llm -- [rounds] [steps a round]`
 */
import { besideTorch } from "./beside-torch";
import { smollm2, tokens } from "./finetune-llm/sizes";

await besideTorch({
  bench: "finetune-llm",
  model: `SmolLM2-135M, LoRA of rank ${tokens.rank}, ${tokens.rows} × ${tokens.length} tokens`,
  ours: "bench/finetune-llm/ours.ts",
  torch: "bench/torch/finetune_llm.py",
  settings: [smollm2, tokens],
  rounds: Number(process.argv[2] ?? 4),
  steps: Number(process.argv[3] ?? 2),
});
process.exit(0);
