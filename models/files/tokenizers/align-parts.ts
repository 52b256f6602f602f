/** What the parts of a tokenizer do to a text before its model cuts it, with where each letter comes from. */
import {
  ByteLevelPreTokenizer,
  MetaspacePreTokenizer,
  type Normalizer,
  PrecompiledNormalizer,
  PrependNormalizer,
  type PreTokenizer,
  ReplaceNormalizer,
  ReplacePreTokenizer,
  SequenceNormalizer,
  SequencePreTokenizer,
  StripNormalizer,
} from "@huggingface/tokenizers";
import { type Aligned, type Change, changed, partsIn, prepended, replaced, textOf } from "./aligned";
import { precompiledParts } from "./charsmap";

type Rewrite = (text: Aligned) => Aligned;
/** Pre-tokens of a text, which is the `section`th between tokens that are found before anything else. */
type Cut = (text: Aligned, section: number) => Aligned[];

/** A normalizer with places. BERT's, small letters and the removal of accents look at a letter at a time. */
export function alignedNormalizer(part: Normalizer | null): Rewrite {
  if (!part) return (text) => text;
  if (part instanceof SequenceNormalizer) {
    const steps = part.normalizers.map(alignedNormalizer);
    return (text) => steps.reduce((made, step) => step(made), text);
  }
  if ("form" in part) return unicodeForm(part.form as UnicodeForm);
  if (part instanceof PrependNormalizer) {
    const { prepend = "" } = part.config as { prepend?: string };
    return (text) => prepended(text, prepend);
  }
  if (part instanceof ReplaceNormalizer) {
    const { pattern } = part;
    const { content = "" } = part.config as { content?: string };
    return (text) => (pattern ? replaced(text, pattern, content) : text);
  }
  if (part instanceof StripNormalizer) return (text) => stripped(text, part.normalize(textOf(text)));
  if (part instanceof PrecompiledNormalizer) return precompiledForm(part);
  return byLetter((letter) => part.normalize(letter));
}

function stripped(text: Aligned, rest: string): Aligned {
  return partsIn(text, [rest])[0] ?? text;
}

function byLetter(rewrite: (letter: string) => string): Rewrite {
  return (text) => {
    const parts = text.letters.map((letter) => [letter, rewrite(letter)] as const);
    const gone = parts.findIndex(([, made]) => made);
    return changed(text, changesOf(parts), gone < 0 ? parts.length : gone);
  };
}

function precompiledForm(part: PrecompiledNormalizer): Rewrite {
  const { precompiled_charsmap: map } = part.config as { precompiled_charsmap?: string };
  if (!map) return (text) => text;
  const parts = precompiledParts(map);
  return (text) => changed(text, changesOf(parts(textOf(text))));
}

/** Parts of a text and what each becomes: what one has more is put in, what it has less goes with its last letter. */
function changesOf(parts: readonly (readonly [old: string, made: string])[]): Change[] {
  const changes: [string, number][] = [];
  for (const [old, made] of parts) {
    const [before, letters] = [Array.from(old).length, Array.from(made)];
    letters.forEach((letter, i) => {
      changes.push([letter, i < before ? 0 : 1]);
    });
    const last = changes.at(-1);
    if (last) last[1] -= Math.max(0, before - letters.length);
  }
  return changes;
}

type UnicodeForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** One of Unicode's forms: letters are taken apart, ordered and, in a composed form, put together again. */
function unicodeForm(form: UnicodeForm): Rewrite {
  const apart = form.includes("K") ? "NFKD" : "NFD";
  return (text) => {
    const whole = textOf(text);
    const made = whole.normalize(form);
    if (made === whole) return text;
    const pieces = text.letters.flatMap((letter) =>
      Array.from(letter.normalize(apart), (piece, i) => ({ piece, change: i ? 1 : 0, used: false })),
    );
    let first = 0;
    const changes = Array.from(made, (letter): Change => {
      const needed = Array.from(letter.normalize("NFD"));
      let change = 1 - needed.length;
      for (const piece of needed) {
        while (pieces[first]?.used) first++;
        const place = pieces.findIndex((each, i) => i >= first && !each.used && each.piece === piece);
        const found = pieces[place];
        if (!found) continue;
        found.used = true;
        change += found.change;
      }
      return [letter, change];
    });
    return changed(text, changes);
  };
}

/** A pre-tokenizer with places. */
export function alignedPreTokenizer(part: PreTokenizer | null): Cut {
  if (!part) return (text) => [text];
  if (part instanceof SequencePreTokenizer) {
    const steps = part.tokenizers.map(alignedPreTokenizer);
    return (text, section) => steps.reduce((made, step) => made.flatMap((each) => step(each, section)), [text]);
  }
  if (part instanceof ByteLevelPreTokenizer) return (text) => bytePieces(part, text);
  if (part instanceof MetaspacePreTokenizer) return (text, section) => [withMetaspaces(part, text, section)];
  if (part instanceof ReplacePreTokenizer) {
    const { pattern, content } = part;
    return (text) => [pattern ? replaced(text, pattern, content) : text];
  }
  return (text) => partsIn(text, part.pre_tokenize_text(textOf(text)));
}

const utf8 = new TextEncoder();

function bytePieces(part: ByteLevelPreTokenizer, text: Aligned): Aligned[] {
  const begun = part.add_prefix_space && text.letters[0] !== " " ? prepended(text, " ") : text;
  const pieces = part.use_regex ? partsIn(begun, textOf(begun).match(part.pattern) ?? []) : [begun];
  return pieces.map(({ letters, spans }) => {
    const bytes = letters.map((letter) => Array.from(utf8.encode(letter), (byte) => part.byte_encoder[byte] ?? ""));
    return { letters: bytes.flat(), spans: bytes.flatMap((each, i) => each.map(() => spans[i] ?? [0, 0])) };
  });
}

function withMetaspaces(part: MetaspacePreTokenizer, text: Aligned, section: number): Aligned {
  const { replacement, str_rep: mark, prepend_scheme: scheme } = part;
  const marked = replaced(text, / /gu, mark);
  const isWanted = scheme === "always" || (scheme === "first" && section === 0);
  return isWanted && !textOf(marked).startsWith(replacement) ? prepended(marked, mark) : marked;
}
