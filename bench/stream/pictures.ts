/** Folders of JPEGs, 320 × 240, with a table of captions: no two pictures are equal. */
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { random } from "#models/random";

/** So many are drawn; the others are these, each with a mark of its own in its header. */
const drawn = 250;

/** Makes a folder of so many pictures, unless it is there. */
export async function pictureFolder(parent: string, name: string, count: number): Promise<string> {
  const folder = join(parent, `${name}-${count}`);
  if (existsSync(folder)) return folder;
  const making = `${folder}.making`;
  await mkdir(making, { recursive: true });
  const originals = await Promise.all(Array.from({ length: Math.min(drawn, count) }, (_, i) => picture(name, i)));
  const lines = ["image,text"];
  for (let i = 0; i < count; i++) {
    await writeFile(join(making, `${i}.jpg`), marked(originals[i % originals.length] as Buffer, `${name} ${i}`));
    lines.push(`${i}.jpg,picture ${i}`);
  }
  await writeFile(join(making, "captions.csv"), lines.join("\n"));
  await rename(making, folder);
  return folder;
}

/** Soft shapes with some grain, which takes about as many bytes as a photograph. */
async function picture(name: string, index: number): Promise<Buffer> {
  const draw = random("bench pictures", name, index);
  const noise = (size: number) => Buffer.from(Uint8Array.from({ length: size }, () => draw.below(256)));
  const soft = sharp(noise(8 * 6 * 3), { raw: { width: 8, height: 6, channels: 3 } }).resize(320, 240, {
    kernel: "cubic",
  });
  const grain = sharp(
    noise(320 * 240 * 4).map((value, i) => (i % 4 === 3 ? 24 : value)),
    {
      raw: { width: 320, height: 240, channels: 4 },
    },
  );
  return soft
    .composite([{ input: await grain.png().toBuffer() }])
    .jpeg({ quality: 85 })
    .toBuffer();
}

/** A comment behind the first marker makes equal pictures different files. */
function marked(jpeg: Buffer, text: string): Buffer {
  const comment = Buffer.from(text);
  const length = Buffer.from([0, comment.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xfe]), length, comment, jpeg.subarray(2)]);
}
