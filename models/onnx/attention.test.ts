import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { runGraph } from "#tests/kit/check-op";
import { Graph } from "./graph";
import { opsOf } from "./ops/index";
import { onePosition } from "./passes/one-position";

interface Shapes {
  rows: number;
  /** Positions kept of each row, and how many there is room for. */
  kept: number[];
  room: number;
  /** New positions; those of each row that count. */
  added: number;
  counts?: number[];
  window?: number;
}

const heads = 4;
const groups = 2;

/** A number for each place, the same in every run. */
const noise = (i: number) => Math.sin(i * 12.9898 + 1.7) * 1.3;
const floats = (count: number, from: number) => Float32Array.from({ length: count }, (_, i) => noise(i + from));

async function attentionOf(
  { rows, kept, room, added, counts, window }: Shapes,
  width: number,
  pass: (graph: Graph) => Graph,
): Promise<number[][]> {
  const graph = new Graph();
  const q = graph.input("q", "float32", ["B", "S", heads * width]);
  const k = graph.input("k", "float32", ["B", "S", groups * width]);
  const v = graph.input("v", "float32", ["B", "S", groups * width]);
  const keys = graph.input("keys", "float32", ["B", groups, "P", width]);
  const values = graph.input("values", "float32", ["B", groups, "P", width]);
  const lengths = graph.input("lengths", "int32", ["B"]);
  const total = graph.input("total", "int32", []);
  const attrs = { num_heads: heads, kv_num_heads: groups, scale: 0.7, local_window_size: window };
  graph.output("y", opsOf(graph).GroupQueryAttention(q, k, v, keys, values, lengths, total, attrs));
  const sums = kept.map((n, row) => n + (counts?.[row] ?? added));
  const tensor = (data: Float32Array, shape: number[]) => new ort.Tensor("float32", data, shape);
  const { y } = await runGraph(pass(graph), {
    q: tensor(floats(rows * added * heads * width, 0), [rows, added, heads * width]),
    k: tensor(floats(rows * added * groups * width, 7), [rows, added, groups * width]),
    v: tensor(floats(rows * added * groups * width, 5), [rows, added, groups * width]),
    keys: tensor(floats(rows * groups * room * width, 3), [rows, groups, room, width]),
    values: tensor(floats(rows * groups * room * width, 2), [rows, groups, room, width]),
    lengths: new ort.Tensor(
      "int32",
      Int32Array.from(sums, (n) => n - 1),
      [rows],
    ),
    total: new ort.Tensor("int32", Int32Array.of(Math.max(...sums)), []),
  });
  const numbers = y?.data as Float32Array;
  const size = heads * width;
  return Array.from({ length: rows }, (_, row) =>
    Array.from(numbers.subarray(row * added * size, (row * added + (counts?.[row] ?? added)) * size)),
  );
}

/** The same, number by number. */
function attentionByHand({ rows, kept, room, added, counts, window = Infinity }: Shapes, width: number): number[][] {
  return Array.from({ length: rows }, (_, row) => {
    const places = kept[row] ?? 0;
    /** A number of the keys or values, of which `from` begins the kept ones and `fresh` the new ones. */
    const at = (place: number, group: number, i: number, from: number, fresh: number) =>
      place < places
        ? noise(((row * groups + group) * room + place) * width + i + from)
        : noise(((row * added + place - places) * groups + group) * width + i + fresh);
    const out: number[] = [];
    for (let s = 0; s < (counts?.[row] ?? added); s++) {
      for (let head = 0; head < heads; head++) {
        const group = Math.floor(head / (heads / groups));
        const seen = Array.from({ length: places + s + 1 }, (_, p) => p).filter((p) => places + s - p < window);
        const weights = seen.map((place) => {
          let score = 0;
          for (let i = 0; i < width; i++)
            score += noise(((row * added + s) * heads + head) * width + i) * at(place, group, i, 3, 7);
          return Math.exp(score * 0.7);
        });
        const sum = weights.reduce((a, b) => a + b, 0);
        for (let i = 0; i < width; i++)
          out.push(seen.reduce((y, place, n) => y + ((weights[n] as number) / sum) * at(place, group, i, 2, 5), 0));
      }
    }
    return out;
  });
}

const cases: [string, Shapes][] = [
  ["a prompt", { rows: 1, kept: [0], room: 0, added: 5 }],
  ["prompts of different lengths", { rows: 3, kept: [0, 0, 0], room: 0, added: 5, counts: [5, 2, 3] }],
  ["one more of each row", { rows: 3, kept: [4, 1, 6], room: 9, added: 1 }],
  ["more of one row", { rows: 1, kept: [4], room: 9, added: 3 }],
  ["a prompt, within a window", { rows: 2, kept: [0, 0], room: 0, added: 7, counts: [7, 5], window: 2 }],
  ["one more, within a window", { rows: 2, kept: [6, 2], room: 8, added: 1, window: 3 }],
  ["one more of each of many", { rows: 3, kept: [40, 1, 99], room: 100, added: 1 }],
  ["one more of many, within a window", { rows: 2, kept: [130, 2], room: 140, added: 1, window: 30 }],
  ["more of one row, within a window", { rows: 1, kept: [5], room: 8, added: 3, window: 3 }],
];
it.each(
  cases.flatMap(([name, shapes]) => [8, 16, 10].map((width) => [name, width, shapes] as const)),
)("attention with what was kept: %s, heads of %i", async (_, width, shapes) => {
  const want = attentionByHand(shapes, width);
  for (const pass of [(graph: Graph) => graph, onePosition]) {
    const got = await attentionOf(shapes, width, pass);
    for (const [row, numbers] of want.entries()) {
      const off = numbers.map((n, i) => Math.abs(n - (got[row]?.[i] ?? Number.NaN)));
      expect(Math.max(...off)).toBeLessThan(2e-5);
    }
  }
});
