/**
 * A stream of 20,000 pictures whose process is killed (SIGKILL) in the middle: the second run must compute only what
 * was not kept, and give the very bytes of a run that nothing has broken. Each run is a process of its own.
 * `npm run bench:stream-kill -- [pictures]`
 */
import { spawn } from "node:child_process";
import { link, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import sharp from "sharp";
import { random } from "#models/random";
import { execute } from "#server/runtime/execute";
import { readAllRows } from "#server/runtime/rows";
import { openBlobs, sha256 } from "#server/storage/blobs";
import type { Tensor } from "#nodes/core/values";
import { graph, keptIn } from "#tests/kit/graphs";

const side = 32;
/** So many pictures are drawn; the others are these under other names, and a folder's pictures go by their names. */
const different = 500;

const [first = "20000", folder, dir] = process.argv.slice(2);
if (folder && dir) await run(folder, dir);
else await bench(Number(first));
process.exit(0);

interface Told {
  done?: number;
  note?: string;
  sha?: string;
}

async function bench(pictures: number): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "patchbay-stream-kill-"));
  try {
    const folder = await folderOf(root, pictures);
    const broken = await told(folder, join(root, "broken"), pictures / 2);
    const taken = await told(folder, join(root, "broken"));
    const whole = await told(folder, join(root, "whole"));
    const progress = taken.find(({ note }) => note?.includes("rows were kept before"));
    const kept = Number(/([\d,]+) rows were kept before/.exec(progress?.note ?? "")?.[1]?.replaceAll(",", ""));
    console.log(
      JSON.stringify({
        bench: "stream-kill",
        pictures,
        doneBeforeKill: Math.max(...broken.map(({ done = 0 }) => done)),
        keptRows: kept,
        firstDoneOfSecondRun: taken.find(({ done }) => done !== undefined)?.done,
        same: taken.at(-1)?.sha === whole.at(-1)?.sha && taken.at(-1)?.sha !== undefined,
        load: loadavg()[0]?.toFixed(1),
      }),
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** What a run tells, up to its end, or until it is killed because it has told of so many rows. */
async function told(folder: string, dir: string, killAt = Number.POSITIVE_INFINITY): Promise<Told[]> {
  const script = ["--import", "tsx", import.meta.filename, "run", folder, dir];
  const child = spawn(process.execPath, script, { stdio: ["ignore", "pipe", "inherit"] });
  const lines: Told[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as Told;
    lines.push(told);
    if ((told.done ?? 0) >= killAt) child.kill("SIGKILL");
  }
  return lines;
}

async function run(folder: string, dir: string): Promise<void> {
  const blobs = openBlobs(join(dir, "blobs"));
  const tell = (line: Told) => process.stdout.write(`${JSON.stringify(line)}\n`);
  const result = await execute({
    document: graph(
      {
        data: ["data.folder", { folder, captions: "csv" }],
        resize: ["image.resize", { width: side, height: side }],
        normalize: ["image.normalize", { preset: "half" }],
        vision: ["model.vision-transformer", { scope: "v", patch: 8, width: 64, layers: 2, heads: 2 }],
        norm: ["model.l2-normalize"],
      },
      [
        "data.image -> resize.image",
        "resize.image -> normalize.image",
        "normalize.pixels -> vision.pixels",
        "vision.features -> norm.embedding",
      ],
    ),
    targets: ["norm"],
    ...keptIn(dir),
    blobs,
    folders: [folder],
    onEvent: (event) => {
      if (event.kind === "node-progress" && event.node === "vision") tell({ done: event.done, note: event.note });
    },
  });
  if (result.error) throw new Error(result.error.message);
  const { data } = (await readAllRows("tensor", result.outputs.norm?.embedding?.value, blobs)) as Tensor;
  tell({ sha: sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) });
}

async function folderOf(root: string, count: number): Promise<string> {
  const folder = join(root, "pictures");
  await mkdir(folder);
  const names = Array.from({ length: count }, (_, i) => `${String(i).padStart(5, "0")}.jpg`);
  for (const [i, name] of names.entries()) {
    if (i >= different) await link(join(folder, names[i % different] as string), join(folder, name));
    else await drawPicture(join(folder, name), i);
  }
  const rows = names.map((name, i) => `${name},picture ${i}`);
  await writeFile(join(folder, "captions.csv"), ["image,text", ...rows].join("\n"));
  return folder;
}

async function drawPicture(path: string, index: number): Promise<void> {
  const draw = random("stream-kill", index);
  const colours = Uint8Array.from({ length: 8 * 8 * 3 }, () => draw.below(256));
  const raw = { width: 8, height: 8, channels: 3 } as const;
  await sharp(colours, { raw }).resize(48, 48).jpeg({ quality: 90 }).toFile(path);
}
