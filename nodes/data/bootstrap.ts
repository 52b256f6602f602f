import { chosenPictures } from "../core/row-pictures";
import { defineNode } from "../core/node";
import { itemCount } from "../core/packed";
import { port } from "../core/ports";
import type { ImageBatch, Tensor } from "../core/values";

export const bootstrap = defineNode({
  type: "data.bootstrap",
  title: "Bootstrap captions",
  description:
    "Puts a data set together of what a filter keeps of the web's captions and of written ones, and of more.",
  docs: `The last step of CapFilt (Li et al. 2022, BLIP §3.3): of each picture its web text and its synthetic one, as far
as they are kept, picture by picture; behind them pairs that people wrote. Without \`keepWeb\` or \`keepSynthetic\` all
of these texts stay; without \`synthetic\` and \`human\` it is the web's pairs that a filter keeps.

- \`keepWeb\`, \`keepSynthetic\` int64 [N]: 1 for a text that stays, as *Matched* gives
- \`pairs\` int64 [K, 2]: picture, and 0 for its web text or 1 for its synthetic one
- \`source\`: “web”, “synthetic” or “human”`,
  version: 1,
  inputs: {
    image: port.image({ shape: ["N", "H", "W"], doc: "Pictures of the web." }),
    web: port.text({ shape: ["N"], doc: "Their texts." }),
    synthetic: port.text({ shape: ["N"], optional: true, doc: "What a captioner wrote for them." }),
    keepWeb: port.tensor({ dtype: "int64", shape: ["N"], optional: true }),
    keepSynthetic: port.tensor({ dtype: "int64", shape: ["N"], optional: true }),
    humanImage: port.image({ shape: ["M", "H", "W"], optional: true, doc: "Pictures that people described." }),
    human: port.text({ shape: ["M"], optional: true, doc: "What they wrote." }),
  },
  outputs: {
    image: port.image({ shape: ["K", "H", "W"] }),
    text: port.text({ shape: ["K"] }),
    source: port.text({ shape: ["K"] }),
    pairs: port.tensor({ dtype: "int64", shape: ["K", 2] }),
  },
  params: {},
  allRows: "How many pairs there are follows from all that are kept.",
  async run({ host, inputs }) {
    const texts = [inputs.web, inputs.synthetic];
    const keeps = [inputs.keepWeb, inputs.keepSynthetic];
    const kept: Pair[] = [];
    for (let picture = 0; picture < inputs.web.length; picture++) {
      for (const [kind, each] of texts.entries()) {
        const text = each?.[picture];
        if (text !== undefined && stays(keeps[kind], picture)) kept.push({ picture, kind, text });
      }
    }
    if (!kept.length) host.warn("The filter keeps no text of the web and none that was written.");
    const image = chosenPictures(
      inputs.image,
      kept.map(({ picture }) => picture),
    );
    const human = inputs.human ?? [];
    if (human.length && !inputs.humanImage) throw new Error("texts that people wrote come in without their pictures");
    return {
      image: inputs.humanImage && human.length ? joined(image, inputs.humanImage) : image,
      text: [...kept.map(({ text }) => text), ...human],
      source: [...kept.map(({ kind }) => (kind ? "synthetic" : "web")), ...human.map(() => "human")],
      pairs: pairsOf(kept),
    };
  },
});

interface Pair {
  picture: number;
  /** 0: a web text; 1: a synthetic one. */
  kind: number;
  text: string;
}

const stays = (keep: Tensor | undefined, row: number): boolean =>
  keep === undefined || (keep.data as BigInt64Array)[row] === 1n;

function pairsOf(kept: readonly Pair[]): Tensor {
  const data = BigInt64Array.from(kept.flatMap(({ picture, kind }) => [BigInt(picture), BigInt(kind)]));
  return { dtype: "int64", shape: [kept.length, 2], data };
}

/** Pictures of two batches, one behind the other: pixels of one size, or files. */
function joined(first: ImageBatch, second: ImageBatch): ImageBatch {
  if ("files" in first && "files" in second) return { files: [...first.files, ...second.files] };
  if ("files" in first || "files" in second)
    throw Object.assign(new Error("Some pictures are files, and others pixels of one size."), {
      hint: "Put a Resize behind those that are files.",
    });
  const [, ...size] = first.pixels.shape;
  const [, ...other] = second.pixels.shape;
  if (size.join() !== other.join())
    throw Object.assign(
      new Error(`Pictures of ${other.slice(0, 2).join(" × ")} cannot stand with ${size.join(" × ")}.`),
      {
        hint: "Bring both to one size before.",
      },
    );
  const count = itemCount(first) + itemCount(second);
  const data = new Uint8Array(count * size.reduce((product, side) => product * side, 1));
  data.set(first.pixels.data as Uint8Array);
  data.set(second.pixels.data as Uint8Array, first.pixels.data.length);
  return { pixels: { dtype: "uint8", shape: [count, ...size], data } };
}
