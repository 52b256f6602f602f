/** Frames of videos, spread evenly over each: animated pictures by sharp, others by an ffmpeg that is installed. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import sharp from "sharp";
import { Cancelled, Failure } from "../../errors";
import { pictureLimits } from "./picture-limits";

/** A file that holds a video. */
export interface Video {
  /** What it is called in messages. */
  name: string;
  /** Where it really lies. */
  path: string;
}

const runProgram = promisify(execFile);

/** Which of so many frames are taken: the first, the last, and others at equal distances, as of `numpy.linspace`. */
export function spreadEvenly(total: number, most: number): number[] {
  if (total <= most) return Array.from({ length: total }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => (most === 1 ? 0 : Math.trunc((i * (total - 1)) / (most - 1))));
}

/** At most so many frames as PNG files. */
export async function videoFrames(video: Video, most: number, signal: AbortSignal): Promise<Uint8Array[]> {
  try {
    const pages = await pagesOf(video.path);
    return pages === undefined
      ? await decodedFrames(video, most, signal)
      : await Promise.all(spreadEvenly(pages, most).map((page) => pageAsPng(video.path, page)));
  } catch (error) {
    if (signal.aborted) throw new Cancelled();
    if (error instanceof Failure) throw error;
    throw unreadable(video, error);
  }
}

const options = { limitInputPixels: pictureLimits.pixels, failOn: "error" } as const;

/** How many frames an animated picture has; nothing for what is no picture. */
async function pagesOf(path: string): Promise<number | undefined> {
  try {
    const { pages, format } = await sharp(path, { limitInputPixels: false }).metadata();
    // Some builds of sharp know the beginning of video containers as pictures (HEIF).
    return format === "heif" ? undefined : (pages ?? 1);
  } catch {
    return undefined;
  }
}

const pageAsPng = (path: string, page: number): Promise<Uint8Array> =>
  sharp(path, { ...options, page, pages: 1 })
    .timeout({ seconds: pictureLimits.seconds })
    .png({ compressionLevel: 6 })
    .toBuffer();

/** All that a program may write; beyond that it is stopped. */
const mostBytes = 2 ** 30;

async function decodedFrames(video: Video, most: number, signal: AbortSignal): Promise<Uint8Array[]> {
  const ffmpeg = await ffmpegFor(video);
  // No other protocol, so that a playlist leads nowhere.
  const input = ["-nostdin", "-protocol_whitelist", "file", "-i", video.path, "-map", "0:v:0"];
  const counting = ["-v", "error", "-progress", "pipe:1", ...input, "-c", "copy", "-f", "null", "-"];
  const counted = await runProgram(ffmpeg, counting, { signal, maxBuffer: mostBytes });
  const total = Number([...counted.stdout.matchAll(/^frame=\s*(\d+)/gm)].at(-1)?.[1] ?? 0);
  if (!total) throw new Error("it has no frames");
  const chosen = spreadEvenly(total, most).map((frame) => `eq(n\\,${frame})`);
  const writing = ["-vf", `select=${chosen.join("+")}`, "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "png"];
  const { stdout } = await runProgram(ffmpeg, ["-v", "error", ...input, ...writing, "-"], {
    signal,
    maxBuffer: mostBytes,
    encoding: "buffer",
  });
  return apart(stdout);
}

/** PNG files that lie one behind the other. */
export function apart(bytes: Buffer): Uint8Array[] {
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const files: Uint8Array[] = [];
  for (let start = bytes.indexOf(signature); start >= 0; ) {
    const next = bytes.indexOf(signature, start + signature.length);
    files.push(Uint8Array.from(bytes.subarray(start, next < 0 ? bytes.length : next)));
    start = next;
  }
  return files;
}

/** The program: the one that PATCHBAY_FFMPEG names, that of the package ffmpeg-static, or the machine's own. */
async function ffmpegFor({ name }: Video): Promise<string> {
  const known = [process.env.PATCHBAY_FFMPEG, packaged(), "ffmpeg"].filter((path) => path !== undefined);
  for (const path of known) {
    const found = await runProgram(path, ["-version"]).catch(() => undefined);
    if (found) return path;
  }
  throw new Failure({
    message: `“${name}” is a video, and there is no ffmpeg on this machine that reads it.`,
    hint:
      "Install ffmpeg (apt install ffmpeg, brew install ffmpeg), run npm install ffmpeg-static, " +
      "or name the program with PATCHBAY_FFMPEG. GIF and animated WebP are read without it.",
  });
}

function packaged(): string | undefined {
  try {
    return createRequire(import.meta.url)("ffmpeg-static") as string;
  } catch {
    return undefined;
  }
}

function unreadable({ name }: Video, cause: unknown): Failure {
  const told = String((cause as { stderr?: unknown }).stderr ?? (cause as Error).message);
  const last = told.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
  return new Failure(
    {
      message: `The video “${name}” cannot be read${last && `: ${last.replace(/\.$/, "")}`}.`,
      hint: "Open it elsewhere and save it as MP4 (H.264), or take it out of the list.",
    },
    { cause },
  );
}
