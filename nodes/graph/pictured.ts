/** Graphs that travel in files: as JSON, and in the pictures that are made of a canvas. */
import {
  isPng,
  isWebp,
  mostText,
  type PictureText,
  PictureTextError,
  pngTexts,
  webpTexts,
} from "#models/files/png-text";
import { type GraphDocument, limits } from "./document";
import { parseBytes, parsePart, parseText } from "./parse";
import { tooLarge } from "./size-limits";
import { errorProblem, type Problem } from "./problem";

/** The name under which a picture carries a graph. */
export const pictureKeyword = "patchbay";
/** Under these names other programs put their own graphs. */
const otherKeywords = ["workflow", "prompt", "invokeai_workflow", "invokeai_graph"];
/** A larger file is not looked into. */
export const mostFileBytes = 256 * 2 ** 20;

/** What a file holds: a graph, a picture without one, something else, or a graph that cannot be read. */
export type Opened =
  | { kind: "graph"; document: GraphDocument }
  | { kind: "picture" }
  | { kind: "other" }
  | { kind: "problem"; problem: Problem };

/** What is in a file, by its bytes; its name only says whether it means to be a graph. */
export function openedFile(bytes: Uint8Array, name: string): Opened {
  try {
    if (isPng(bytes)) return openedTexts(pngTexts(bytes, [pictureKeyword, ...otherKeywords]));
    if (isWebp(bytes)) return openedTexts(webpTexts(bytes, [pictureKeyword, ...otherKeywords]));
  } catch (error) {
    if (!(error instanceof PictureTextError)) throw error;
    return unreadable(error.message);
  }
  if (/\.svg$/i.test(name)) return openedSvg(bytes);
  if (/\.(jpe?g|gif|avif|tiff?|bmp)$/i.test(name)) return { kind: "picture" };
  if (!/\.json$/i.test(name)) return { kind: "other" };
  return openedDocument(bytes.length > limits.bytes ? { problems: [tooLarge(bytes.length)] } : parseBytes(bytes));
}

/** What was pasted as text, where it is a graph or a part of one; nothing where it is some other text. */
export function openedText(text: string): Extract<Opened, { kind: "graph" | "problem" }> | undefined {
  const trimmed = text.trimStart();
  if (!trimmed.startsWith("{") || !/"(nodes|class_type)"/.test(trimmed)) return undefined;
  const { part, problems } = parsePart(text);
  if (part) return { kind: "graph", document: asDocument(part) };
  return problems?.[0] ? { kind: "problem", problem: problems[0] } : openedDocument(parseText(text));
}

/** The graph in a picture's metadata, as strict JSON. */
export function pictureText(document: GraphDocument): string {
  const text = JSON.stringify(document);
  if (new TextEncoder().encode(text).length > mostText)
    throw new PictureTextError("The graph is larger than a picture may carry: 1 MiB.");
  return text;
}

/** An SVG drawing with the graph in it. */
export function withSvgGraph(svg: string, document: GraphDocument): string {
  const text = pictureText(document).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return svg.replace(/<svg[^>]*>/, (opening) => `${opening}<metadata id="${pictureKeyword}">${text}</metadata>`);
}

function asDocument(part: Pick<GraphDocument, "nodes" | "wires" | "composites">): GraphDocument {
  const { document } = parseText(JSON.stringify({ schema: 2, name: "Pasted", ...part }));
  if (!document) throw new Error("a part of a graph is no graph");
  return document;
}

function openedTexts(texts: readonly PictureText[]): Opened {
  const own = texts.find(({ name }) => name === pictureKeyword);
  if (own) return openedDocument(parseText(own.text));
  const foreign = texts.flatMap(({ text }) => parseText(text).problems ?? []);
  const named = foreign.find(({ message }) => /^This is an? /.test(message));
  return named ? { kind: "problem", problem: named } : { kind: "picture" };
}

function openedSvg(bytes: Uint8Array): Opened {
  const text = new TextDecoder().decode(bytes.subarray(0, 16 * 2 ** 20));
  const opening = `<metadata id="${pictureKeyword}">`;
  const start = text.indexOf(opening);
  if (start < 0) return { kind: "picture" };
  const end = text.indexOf("</metadata>", start);
  if (end < 0) return unreadable("It ends too early: a part of the file is missing.");
  const inside = text.slice(start + opening.length, end);
  if (inside.length > 2 * mostText) return unreadable("It carries a text of more than 1 MiB; 1 MiB is the limit.");
  const plain = inside
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
  return openedDocument(parseText(plain));
}

function openedDocument({ document, problems }: { document?: GraphDocument; problems?: Problem[] }): Opened & {
  kind: "graph" | "problem";
} {
  if (document) return { kind: "graph", document };
  const [problem = errorProblem("bad-document", "This is no graph.", "")] = problems ?? [];
  return { kind: "problem", problem };
}

function unreadable(reason: string): Opened {
  const hint = "Make the picture anew in the editor it comes from: More, Export.";
  return {
    kind: "problem",
    problem: errorProblem("bad-document", `The picture's graph cannot be read. ${reason}`, hint),
  };
}
