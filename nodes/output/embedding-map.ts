import * as z from "zod";
import { principalComponents } from "#models/pca";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { itemCount } from "../core/packed";
import { port } from "../core/ports";
import { filesOf } from "../core/row-pictures";
import { partOf, Sample } from "../core/sample";
import type { ImageBatch, StoredImage } from "../core/values";
import type { EmbeddingMap } from "../core/views/embedding-map";

/** Of each picture a copy of this side is kept. */
const side = 32;
/** UMAP looks for neighbours in no more dimensions than these. */
const mostDimensions = 50;

interface Point {
  numbers: Float32Array;
  label?: string;
  /** uint8 [side, side, 3], when it has come. */
  picture?: Uint8Array;
}

export const embeddingMap = defineNode({
  type: "output.embedding-map",
  title: "Map of embeddings",
  description: "Draws embeddings as points of a plane, with their pictures and labels: what is alike lies together.",
  synonyms: ["t-SNE", "UMAP", "PCA", "scatter plot", "latent space"],
  docs: `\`embedding\` float32 [N, D]. Of more rows than *At most* some are shown that are evenly drawn, as a warning
says.

- **PCA**: the two directions in which the rows differ most; how much of the variance they have is told. Distances mean
  what they mean.
- **UMAP** (McInnes, Healy and Melville 2018; umap-js): neighbours stay neighbours. Distances between far groups, and
  the sizes of groups, mean little. Of more than ${mostDimensions} dimensions it is given the first ${mostDimensions}
  principal components.

*Cosine* brings all rows to length one before. Labels colour the points where there are up to twelve of them.`,
  version: 1,
  inputs: {
    embedding: port.tensor({ dtype: "float32", shape: ["N", "D"] }),
    label: port.text({ shape: ["N"], optional: true }),
    image: port.image({ shape: ["N", "*", "*"], optional: true }),
  },
  outputs: { view: port.view() },
  params: {
    method: z.enum(["PCA", "UMAP"]).default("PCA"),
    metric: z.enum(["cosine", "euclidean"]).default("cosine"),
    neighbours: z
      .int()
      .min(2)
      .max(200)
      .default(15)
      .meta({
        description: "Few show small groups, many the whole.",
        when: { method: ["UMAP"] },
      }),
    spread: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .meta({
        label: "Least distance",
        description: "How close points may lie.",
        when: { method: ["UMAP"] },
        advanced: true,
      }),
    limit: z.int().min(3).max(5000).default(1000).meta({ label: "At most", unit: "points" }),
    seed: z.int().min(0).default(0).meta({ widget: "seed", advanced: true }),
  },
  reduce: {
    rows: ["embedding", "label", "image"],
    start({ host, params }) {
      const sample = new Sample<Point>(params.limit, true);
      let width = 0;
      return {
        async add({ embedding, label, image }) {
          width = embedding.shape[1] ?? 0;
          const data = embedding.data as Float32Array;
          const fresh = new Map<Point, number>();
          for (let row = 0; row < (embedding.shape[0] ?? 0); row++) {
            sample.add(() => {
              const numbers = rowOf(data.subarray(row * width, (row + 1) * width), params.metric === "cosine");
              const point: Point = { numbers, label: label?.[row] };
              fresh.set(point, row);
              return point;
            });
          }
          const kept = sample.items.filter((point) => fresh.has(point));
          if (image) await addPictures(host, image, kept, (point) => fresh.get(point) ?? 0);
        },
        async finish() {
          const points = sample.items;
          if (points.length < sample.seen) host.warn(`Points: ${partOf(sample)}.`);
          const { x, y, method } = await planeOf(host, points, width, params);
          const [names, labels] = labelsOf(points);
          const pictures = await atlasOf(host, points);
          return {
            view: {
              kind: "embedding-map",
              ...{ x, y, method },
              ...(names ? { names, labels } : {}),
              ...(pictures ? { pictures } : {}),
              count: sample.seen,
            },
          };
        },
      };
    },
  },
});

function rowOf(numbers: Float32Array, isUnit: boolean): Float32Array {
  if (!numbers.every(Number.isFinite)) {
    throw Object.assign(new Error("An embedding holds NaN or infinite numbers, which have no place on a map."), {
      hint: "Look at what makes the embeddings: its preview marks where they begin.",
    });
  }
  const length = isUnit ? Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0)) || 1 : 1;
  return numbers.map((x) => x / length);
}

async function addPictures(host: Host, image: ImageBatch, points: readonly Point[], rowOfPoint: (p: Point) => number) {
  if (!points.length || !itemCount(image)) return;
  const rows = points.map(rowOfPoint);
  const files = await filesOf(host, image, rows);
  const known = rows.flatMap((row) => files.get(row) ?? []);
  const request = { width: side, height: side, fit: "contain", background: "#ffffff" } as const;
  const { data } = await host.pixels({ files: known }, request);
  const size = side * side * 3;
  for (const [i, point] of points.entries()) {
    point.picture = (data as Uint8Array).slice(i * size, (i + 1) * size);
  }
}

interface Plane {
  x: number[];
  y: number[];
  method: string;
}
interface Method {
  method: "PCA" | "UMAP";
  metric: string;
  neighbours: number;
  spread: number;
  seed: number;
}

async function planeOf(host: Host, points: readonly Point[], width: number, params: Method): Promise<Plane> {
  const rows = new Float32Array(points.length * width);
  for (const [i, { numbers }] of points.entries()) rows.set(numbers, i * width);
  if (!points.length) return { x: [], y: [], method: params.method };
  if (params.method === "UMAP" && points.length > 3) return umapPlane(host, rows, points.length, width, params);
  const { places, shares } = principalComponents(rows, width, 2, host.random("pca", params.seed));
  const [first = 0, second = 0] = shares.map((share) => Math.round(share * 100));
  return { ...columnsOf(places), method: `PCA: ${first} % and ${second} % of the variance` };
}

async function umapPlane(host: Host, rows: Float32Array, count: number, width: number, params: Method): Promise<Plane> {
  const { UMAP } = await import("umap-js"); // read where it computes, and nowhere else
  const dimensions = Math.min(width, mostDimensions, count);
  const numbers =
    width > dimensions ? principalComponents(rows, width, dimensions, host.random("pca", params.seed)).places : rows;
  const vectors = Array.from({ length: count }, (_, i) =>
    Array.from(numbers.subarray(i * dimensions, (i + 1) * dimensions)),
  );
  const random = host.random("umap", params.seed);
  const nNeighbors = Math.min(params.neighbours, count - 1);
  const umap = new UMAP({ nNeighbors, minDist: params.spread, random: () => random.uniform() });
  const epochs = umap.initializeFit(vectors);
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    if (epoch % 20) continue;
    host.progress(epoch, epochs, "epochs");
    await new Promise((done) => setTimeout(done)); // lets a stop be heard
    host.signal.throwIfAborted();
  }
  return { ...columnsOf(umap.getEmbedding().flat()), method: `UMAP of ${nNeighbors} neighbours` };
}

function columnsOf(places: ArrayLike<number>): Omit<Plane, "method"> {
  const column = (first: number) =>
    Array.from({ length: places.length / 2 }, (_, i) => Number((places[2 * i + first] ?? 0).toPrecision(5)));
  return { x: column(0), y: column(1) };
}

/** The different labels, and which one each point has. */
function labelsOf(points: readonly Point[]): [names?: string[], labels?: number[]] {
  if (!points.some(({ label }) => label !== undefined)) return [];
  const places = new Map<string, number>();
  const labels = points.map(({ label = "" }) => {
    const name = label.length > 80 ? `${label.slice(0, 79)}…` : label;
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    return place;
  });
  return [[...places.keys()], labels];
}

/** All small pictures in one. */
async function atlasOf(host: Host, points: readonly Point[]): Promise<EmbeddingMap["pictures"]> {
  if (!points.some(({ picture }) => picture)) return undefined;
  const columns = Math.ceil(Math.sqrt(points.length));
  const rows = Math.ceil(points.length / columns);
  const data = new Uint8Array(rows * columns * side * side * 3).fill(255);
  for (const [i, { picture }] of points.entries()) {
    if (!picture) continue;
    const [left, top] = [(i % columns) * side, Math.floor(i / columns) * side];
    for (let y = 0; y < side; y++) {
      data.set(picture.subarray(y * side * 3, (y + 1) * side * 3), ((top + y) * columns * side + left) * 3);
    }
  }
  const shape = [1, rows * side, columns * side, 3];
  const [image] = await host.encodeImages({ dtype: "uint8", shape, data });
  return { image: image as StoredImage, side, columns };
}
