import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { env } from "#server/env";

const made = new Map<string, Promise<Buffer | undefined>>();
/** The canvas in a picture of the whole editor, as a share of its width and height. */
const canvas = { left: 0.03, top: 0.14, width: 0.76, height: 0.78 };
const width = 720;

/** What a template gives: its canvas after a run, small. Not there where it was never drawn. */
export async function GET(_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const { id } = await params;
  if (!/^[a-z0-9-]+$/.test(id)) return new Response(null, { status: 404 });
  const picture = made.get(id) ?? draw(id);
  made.set(id, picture);
  const bytes = await picture;
  if (!bytes) return new Response(null, { status: 404 });
  const headers = { "Content-Type": "image/webp", "Cache-Control": "public, max-age=86400" };
  return new Response(new Uint8Array(bytes), { headers });
}

async function draw(id: string): Promise<Buffer | undefined> {
  const file = await readFile(join(env().root, "docs/templates", `${id}.png`)).catch(() => undefined);
  if (!file) return undefined;
  const size = await sharp(file).metadata();
  const cut = {
    left: Math.round(canvas.left * size.width),
    top: Math.round(canvas.top * size.height),
    width: Math.round(canvas.width * size.width),
    height: Math.round(canvas.height * size.height),
  };
  return sharp(file).extract(cut).resize({ width }).webp({ quality: 82 }).toBuffer();
}
