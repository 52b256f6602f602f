import { chosenPictures } from "../core/row-pictures";
import { defineNode } from "../core/node";
import { itemCount } from "../core/packed";
import { port } from "../core/ports";
import type { ImageBatch, Tensor } from "../core/values";

export const bootstrap = defineNode({
  type: "data.bootstrap",
  title: "Bootstrap captions",
  description: "What a filter keeps of the web's captions and of written ones, and what people wrote, as one data set.",
  synonyms: ["CapFilt"],
  docs: `The last step of CapFilt (Li et al. 2022, BLIP §3.3): of each picture its web text and its synthetic one, as
far as they are kept, picture by picture; behind them pairs that people wrote. Without \`pairs\` all texts stay.

- \`pairs\` int64 [K, 2], as *Kept pairs* gives: picture, and 0 for its web text or 1 for its synthetic one
- \`source\`: “web”, “synthetic” or “human”`,
  version: 1,
  inputs: {
    image: port.image({ shape: ["N", "H", "W"], doc: "Pictures of the web." }),
    web: port.text({ shape: ["N"], doc: "Their texts." }),
    synthetic: port.text({ shape: ["N"], optional: true, doc: "What a captioner wrote for them." }),
    pairs: port.tensor({ dtype: "int64", shape: ["K", 2], optional: true, doc: "What a filter keeps." }),
    humanImage: port.image({ shape: ["M", "H", "W"], optional: true, doc: "Pictures that people described." }),
    human: port.text({ shape: ["M"], optional: true, doc: "What they wrote." }),
  },
  outputs: {
    image: port.image({ shape: ["P", "H", "W"] }),
    text: port.text({ shape: ["P"] }),
    source: port.text({ shape: ["P"] }),
  },
  bypass: { image: "image", text: "web" },
  params: {},
  allRows: "How many pairs there are follows from all that are kept.",
  async run({ host, inputs }) {
    const texts = [inputs.web, ...(inputs.synthetic ? [inputs.synthetic] : [])];
    const kept = inputs.pairs ? pairsIn(inputs.pairs) : allOf(inputs.web.length, texts.length);
    if (!kept.length) host.warn("The filter keeps no text of the web and none that was written.");
    const image = chosenPictures(
      inputs.image,
      kept.map(({ picture }) => picture),
    );
    const human = inputs.human ?? [];
    if (human.length && !inputs.humanImage) throw new Error("texts that people wrote come in without their pictures");
    return {
      image: inputs.humanImage && human.length ? joined(image, inputs.humanImage) : image,
      text: [...kept.map(({ picture, kind }) => textAt(texts, picture, kind)), ...human],
      source: [...kept.map(({ kind }) => (kind ? "synthetic" : "web")), ...human.map(() => "human")],
    };
  },
});

interface Pair {
  picture: number;
  /** 0: a web text; 1: a synthetic one. */
  kind: number;
}

function pairsIn({ data, shape }: Tensor): Pair[] {
  const numberAt = (i: number) => Number((data as BigInt64Array)[i]);
  return Array.from({ length: shape[0] ?? 0 }, (_, i) => ({ picture: numberAt(2 * i), kind: numberAt(2 * i + 1) }));
}

function allOf(pictures: number, kinds: number): Pair[] {
  const place = (i: number): Pair => ({ picture: Math.floor(i / kinds), kind: i % kinds });
  return Array.from({ length: pictures * kinds }, (_, i) => place(i));
}

function textAt(texts: readonly (readonly string[])[], picture: number, kind: number): string {
  const text = texts[kind]?.[picture];
  if (text !== undefined) return text;
  throw Object.assign(new Error(`The pair of picture ${picture} names its text ${kind}, and there is none.`), {
    hint: "Wire the texts that the filter looked at, of the same pictures.",
  });
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
