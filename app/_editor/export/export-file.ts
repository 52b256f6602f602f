/** A graph as a file: JSON, or a picture of all of it that carries it. */
import { withPngText } from "#models/files/png-text";
import type { NodeDefinition } from "#nodes/core/node";
import type { GraphDocument } from "#nodes/graph/document";
import { pictureKeyword, pictureText, withSvgGraph } from "#nodes/graph/pictured";
import { type Drawing, drawGraph } from "./drawing";

export type Format = "json" | "png" | "svg";

/** So many pixels for a unit of the canvas, and the most that a picture has on a side: browsers draw no more. */
const scale = 2;
const mostPixels = 8192;

/** What is drawn: the graph, or the inside of one of its composites. */
export interface Drawn {
  shown: GraphDocument;
  definitionOf(id: string): NodeDefinition | undefined;
}

export async function fileOf(document: GraphDocument, format: Format, { shown, definitionOf }: Drawn): Promise<File> {
  const stem = document.name.replace(/[^\w-]+/g, "-").toLowerCase() || "graph";
  const named = (part: BlobPart, type: string) => new File([part], `${stem}.${format}`, { type });
  if (format === "json") return named(JSON.stringify(document, null, 2), "application/json");
  const drawing = drawGraph({ document: shown, definitionOf, colour: colourNamed });
  if (format === "svg") return named(withSvgGraph(drawing.svg, document), "image/svg+xml");
  const png = withPngText(await drawnPng(drawing), pictureKeyword, pictureText(document));
  return named(png as BlobPart, "image/png");
}

/** A picture of a graph at most so wide, which carries nothing but itself. */
export async function plainPicture(
  { shown, definitionOf }: Drawn,
  mostWidth: number,
): Promise<{ file: File; width: number; height: number }> {
  const drawing = drawGraph({ document: shown, definitionOf, colour: colourNamed });
  const factor = Math.min(scale, mostWidth / drawing.width, mostPixels / drawing.height);
  const [width, height] = [Math.ceil(drawing.width * factor), Math.ceil(drawing.height * factor)];
  const file = new File([(await drawnPng(drawing, factor)) as BlobPart], "graph.png", { type: "image/png" });
  return { file, width, height };
}

/** The value of a colour of the page, light or dark as it is. */
function colourNamed(name: string): string {
  return getComputedStyle(window.document.documentElement).getPropertyValue(name).trim() || "#888";
}

async function drawnPng({ svg, width, height }: Drawing, asked = scale): Promise<Uint8Array> {
  const factor = Math.min(asked, mostPixels / Math.max(width, height));
  const canvas = window.document.createElement("canvas");
  canvas.width = Math.ceil(width * factor);
  canvas.height = Math.ceil(height * factor);
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    await image.decode();
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  } finally {
    URL.revokeObjectURL(image.src);
  }
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error("This browser could not draw the picture. Export it as SVG.");
  return new Uint8Array(await blob.arrayBuffer());
}
