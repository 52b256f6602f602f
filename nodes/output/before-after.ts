import * as z from "zod";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { itemCount } from "../core/packed";
import { port } from "../core/ports";
import { filesOf } from "../core/row-pictures";
import type { ImageBatch, StoredImage } from "../core/values";
import type { BeforeAfter } from "../core/views/before-after";

export const beforeAfter = defineNode({
  type: "output.before-after",
  title: "Before and after",
  description: "Lays pictures over what became of them, with an edge between the two that can be moved.",
  synonyms: ["compare", "slider", "difference"],
  docs: `Both must be of the same rows. The pictures are scaled to the same width; where their shapes differ, as before
and behind a crop, each keeps its own. Any node that makes pictures of pictures shows the same when its preview is
enlarged; this one compares pictures that lie several nodes apart.`,
  version: 1,
  inputs: {
    before: port.image({ shape: ["N", "*", "*"] }),
    after: port.image({ shape: ["N", "*", "*"] }),
  },
  outputs: { view: port.view() },
  params: { limit: z.int().min(1).max(200).default(24).meta({ label: "At most", unit: "pictures" }) },
  reduce: {
    rows: ["before", "after"],
    start({ host, params: { limit } }) {
      const pairs: BeforeAfter["pairs"] = [];
      let count = 0;
      return {
        async add({ before, after }) {
          const room = Math.min(limit - pairs.length, itemCount(before), itemCount(after));
          count += itemCount(before);
          const shown = await Promise.all([shownOf(host, before, room), shownOf(host, after, room)]);
          const [from, to] = shown;
          for (let i = 0; i < room; i++) {
            const [first, second] = [from[i], to[i]];
            if (first && second) pairs.push({ before: first, after: second, name: first.name });
          }
        },
        finish: () => ({ view: { kind: "before-after", pairs, count } }),
      };
    },
  },
});

/** The first pictures, as a browser can show them. */
async function shownOf(host: Host, image: ImageBatch, count: number): Promise<(StoredImage | undefined)[]> {
  const numbers = Array.from({ length: Math.max(0, count) }, (_, i) => i);
  const files = await filesOf(host, image, numbers);
  return host.shownImages(numbers.map((number) => files.get(number)));
}
