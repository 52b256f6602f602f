/** How pre-tokenizers cut a text where a pattern fits, and what becomes of the parts that fit. */
export type SplitBehaviour = "removed" | "isolated" | "contiguous" | "mergedwithprevious" | "mergedwithnext";

interface Piece {
  text: string;
  fits: boolean;
}

/** The parts of a text; with `invert` the pattern fits what lies between its matches instead. */
export function splitBy(text: string, pattern: RegExp, behaviour: SplitBehaviour, invert = false): string[] {
  const pieces = piecesOf(text, pattern).map((piece) => ({ ...piece, fits: piece.fits !== invert }));
  if (behaviour === "removed") return pieces.flatMap((piece) => (piece.fits ? [] : [piece.text]));
  const parts: string[] = [];
  for (const [i, piece] of pieces.entries()) {
    const before = pieces[i - 1];
    if (before && joins(before, piece, behaviour)) parts.push((parts.pop() ?? "") + piece.text);
    else parts.push(piece.text);
  }
  return parts;
}

function joins(before: Piece, piece: Piece, behaviour: SplitBehaviour): boolean {
  if (behaviour === "contiguous") return before.fits === piece.fits;
  if (behaviour === "mergedwithprevious") return piece.fits && !before.fits;
  return behaviour === "mergedwithnext" && before.fits && !piece.fits;
}

function piecesOf(text: string, pattern: RegExp): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (!match[0]) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), fits: false });
    pieces.push({ text: match[0], fits: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), fits: false });
  return pieces;
}
