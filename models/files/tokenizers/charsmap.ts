/**
 * SentencePiece's precompiled normalization: a trie (a double array as of darts-clone) from what is replaced to a place
 * in a list of replacements. Source: Hugging Face's `spm_precompiled`, with its quirk that the shortest entry counts.
 */
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The normalization that a `Precompiled` normalizer of a tokenizer.json holds, in base64. */
export function precompiled(base64: string): (text: string) => string {
  const partsOf = precompiledParts(base64);
  return (text) => Array.from(partsOf(text), ([, made]) => made).join("");
}

/** The same, as the parts of a text and what each of them becomes. */
export function precompiledParts(base64: string): (text: string) => [old: string, made: string][] {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (4 + trieBytes > bytes.length || trieBytes % 4)
    throw new Error(
      `its precompiled_charsmap says that its trie has ${trieBytes} bytes, and has ${bytes.length} in all`,
    );
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = bytes.subarray(4 + trieBytes);
  const replacementOf = (piece: string): string | undefined => {
    const place = shortestEntry(trie, encoder.encode(piece));
    if (place === undefined) return undefined;
    const end = replacements.indexOf(0, place);
    return decoder.decode(replacements.subarray(place, end < 0 ? undefined : end));
  };
  return (text) => Array.from(graphemes.segment(text), ({ segment }) => replaced(segment, replacementOf)).flat();
}

/** Characters that belong together are looked up as one where they are short, and else each for itself. */
function replaced(grapheme: string, replacementOf: (piece: string) => string | undefined): [string, string][] {
  const whole = encoder.encode(grapheme).length < 6 ? replacementOf(grapheme) : undefined;
  if (whole !== undefined) return [[grapheme, whole]];
  return Array.from(grapheme, (letter) => [letter, replacementOf(letter) ?? letter]);
}

/** Where the replacement of the shortest entry that begins the key lies. */
function shortestEntry(trie: Uint32Array, key: Uint8Array): number | undefined {
  let node = offsetOf(trie[0] ?? 0);
  for (const byte of key) {
    if (byte === 0) return undefined;
    node ^= byte;
    const unit = trie[node] ?? 0;
    if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
    node ^= offsetOf(unit);
    if ((unit >>> 8) & 1) return (trie[node] ?? 0) & 0x7fffffff;
  }
  return undefined;
}

const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
