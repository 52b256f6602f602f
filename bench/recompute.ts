/**
 * What recompute saves and costs: peak memory of a process that takes training steps of a deep ViT, above what it held
 * before the first one, and the processor time of a step, with results kept and with all of them computed again.
 * `npm run bench:recompute -- [layers] [batch]`
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import { toModel } from "#models/onnx/proto";
import { adamw, feedsOf, median, sleepyOptions, vitStep } from "./vit";

interface Arm {
  peakMb: number;
  cpuMs: number;
  loss: number;
}
const layers = Number(process.argv[2] ?? 12);
const batch = Number(process.argv[3] ?? 32);
const arm = process.argv[4];

if (arm) console.log(JSON.stringify(await measure(arm === "again")));
else compareArms();

function compareArms(): void {
  const [kept, again] = [measureApart("kept"), measureApart("again")];
  const ratio = (a: number, b: number) => Number((a / b).toFixed(2));
  console.log(
    JSON.stringify({
      bench: "recompute",
      model: `ViT ${layers}×384, 65 tokens, batch ${batch}, AdamW`,
      keptMb: kept.peakMb,
      againMb: again.peakMb,
      memory: ratio(again.peakMb, kept.peakMb),
      work: ratio(again.cpuMs, kept.cpuMs),
      sameLoss: kept.loss === again.loss,
    }),
  );
}

/** In a process of its own, whose peak is nobody else's. */
function measureApart(name: string): Arm {
  const command = ["--import", "tsx", fileURLToPath(import.meta.url), String(layers), String(batch), name];
  return JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" }));
}

async function measure(again: boolean): Promise<Arm> {
  const step = vitStep(batch, again ? { optimizer: adamw, recomputes: () => true } : { optimizer: adamw }, layers);
  const feeds = feedsOf(step);
  const session = await ort.InferenceSession.create(toModel(step.graph, { parameters: "inputs" }), sleepyOptions);
  const before = process.memoryUsage.rss();
  const times: number[] = [];
  let out: Awaited<ReturnType<typeof session.run>> = {};
  for (let i = 0; i < 4; i++) {
    const start = process.cpuUsage();
    out = await session.run(feeds);
    for (const s of step.states) feeds[s.name] = out[s.next] as ort.Tensor;
    const { user, system } = process.cpuUsage(start);
    if (i > 0) times.push((user + system) / 1000);
  }
  return {
    peakMb: Math.round((process.resourceUsage().maxRSS * 1024 - before) / 1e6),
    cpuMs: Math.round(median(times)),
    loss: Number(out.loss?.data[0]),
  };
}
