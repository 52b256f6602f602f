/**
 * Memory of streams whose rows are long, or as large as the largest of all: 1,000 and 10,000 pictures of many
 * proportions through *Min-max resize*, padded to one canvas and written to a file, and as many texts of 20,000 letters
 * of which every third is left out. Each is run in a process of its own, whose memory at most is told: it must not
 * follow from the number of rows.
 * `npm run bench:bounded -- [padded|texts] [rows …]`
 */
import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import sharp from "sharp";
import type { GraphDocument } from "#nodes/graph/document";
import { computingProcess, programRunner } from "#server/runtime/computing-process";
import { execute } from "#server/runtime/execute";
import { storedRowCount } from "#server/runtime/rows";
import { graph, keptIn } from "#tests/kit/graphs";

interface Case {
  /** What the rows of the table say, besides the pictures that lie beside it. */
  row(i: number): object;
  document(folder: string): GraphDocument;
  /** The output whose rows are counted. */
  counted: readonly [node: string, port: string, type: "text" | "image"];
  left(rows: number): number;
}

const pictures = 60;
const longText = "A picture that somebody described at length. ".repeat(450);
const cases: Readonly<Record<string, Case>> = {
  padded: {
    row: (i) => ({ image: `${i % pictures}.jpg`, text: `picture ${i}` }),
    document: (folder) =>
      graph(
        {
          data: ["data.table", { folder, files: "set.jsonl", columns: [{ name: "image", as: "picture" }] }],
          resize: ["image.min-max-resize", { shorter: 96, multiple: 32 }],
          file: ["output.export-tensor"],
        },
        ["data.image -> resize.image", "resize.pixels -> file.tensor"],
      ),
    counted: ["data", "image", "image"],
    left: (rows) => rows,
  },
  texts: {
    row: (i) => ({ text: `${i} ${longText}`, ...(i % 3 ? { title: `title ${i}` } : {}) }),
    document(folder) {
      const columns = ["text", "title"].map((name) => ({ name, as: "text" }));
      return graph({ data: ["data.table", { folder, files: "set.jsonl", columns, bad: "leave out" }] });
    },
    counted: ["data", "text", "text"],
    left: (rows) => rows - Math.ceil(rows / 3),
  },
};

const [asked, ...more] = process.argv.slice(2);
const numbers = more.map(Number).filter((rows) => rows > 0);
if (asked && more[0] && !numbers.length) await measure(caseOf(asked), more[0]);
else
  for (const name of asked ? [asked] : Object.keys(cases)) await bench(name, numbers.length ? numbers : [1000, 10_000]);
process.exit(0);

function caseOf(name: string): Case {
  const found = cases[name];
  if (!found) throw new Error(`There is no “${name}”: choose ${Object.keys(cases).join(" or ")}.`);
  return found;
}

/** The same graph on few and on many rows, one process after the other. */
async function bench(name: string, counts: readonly number[]): Promise<void> {
  const peaks: number[] = [];
  for (const rows of counts) {
    const folder = await mkdtemp(join(tmpdir(), "patchbay-bounded-"));
    await makeRows(folder, caseOf(name), rows);
    const told = execFileSync(
      process.execPath,
      [...computingProcess.execArgv, programRunner, import.meta.filename, name, folder],
      {
        encoding: "utf8",
        env: { ...process.env, ...computingProcess.env },
      },
    );
    const measured = JSON.parse(told) as { rows: number; peakMiB: number; cpuSeconds: number };
    await rm(folder, { recursive: true });
    const expected = caseOf(name).left(rows);
    if (measured.rows !== expected) throw new Error(`${measured.rows} of ${expected} rows came`);
    peaks.push(measured.peakMiB);
    console.log(
      JSON.stringify({ bench: "bounded", of: name, from: rows, ...measured, load: loadavg()[0]?.toFixed(1) }),
    );
  }
  const [few = Number.NaN] = peaks;
  const many = peaks.at(-1) ?? Number.NaN;
  console.log(JSON.stringify({ bench: "bounded", of: name, memoryRatio: Number((many / few).toFixed(3)) }));
}

async function makeRows(folder: string, { row }: Case, rows: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < pictures; i++) {
    const create = { width: 100 + 5 * i, height: 160, channels: 3, background: { r: 4 * i, g: 90, b: 60 } } as const;
    await writeFile(join(folder, `${i}.jpg`), await sharp({ create }).jpeg().toBuffer());
  }
  function* lines() {
    for (let i = 0; i < rows; i++) yield `${JSON.stringify(row(i))}\n`;
  }
  await pipeline(Readable.from(lines()), createWriteStream(join(folder, "set.jsonl")));
}

/** Runs the graph to its end, and tells the memory of the process at most. */
async function measure({ document, counted }: Case, folder: string): Promise<void> {
  const [node, port, type] = counted;
  const result = await execute({ document: document(folder), ...keptIn(join(folder, "kept")), folders: [folder] });
  if (result.error) throw new Error(JSON.stringify(result.error));
  const { user, system } = process.cpuUsage();
  console.log(
    JSON.stringify({
      rows: storedRowCount(type, result.outputs[node]?.[port]?.value),
      peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      cpuSeconds: Math.round((user + system) / 100_000) / 10,
    }),
  );
}
