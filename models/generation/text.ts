/** Tokens that are made, as text: piece by piece while they come, and where a text is that ends them. */
export type Decode = (tokens: readonly number[]) => string;

/** Bytes of a letter, and letters of a mark that a decoder puts before a word: tokens that a letter may take. */
const tokensPerLetter = 4;

/** Whether new tokens hold one of the texts, in their last part: it is asked after each token. */
export function holdsText(texts: readonly string[], decode: Decode): (tokens: readonly number[]) => boolean {
  const longest = texts.reduce((most, text) => Math.max(most, text.length), 0);
  return (tokens) => {
    const end = decode(tokens.slice(-(longest * tokensPerLetter + 1)));
    return texts.some((text) => text !== "" && end.includes(text));
  };
}

/** The text up to the first of the texts that end it. */
export function upTo(text: string, ends: readonly string[]): string {
  const places = ends.map((end) => (end === "" ? -1 : text.indexOf(end))).filter((place) => place >= 0);
  return text.slice(0, Math.min(text.length, ...places));
}

/** Gives the text of tokens as they come: what each adds, and nothing while a letter is not whole yet. */
export class TextStream {
  readonly #tokens: number[] = [];
  /** From here on tokens are decoded together, as the first of a text may look other than behind another. */
  #begin = 0;
  /** So many tokens were told. */
  #told = 0;

  constructor(readonly decode: Decode) {}

  push(token: number): string {
    this.#tokens.push(token);
    const { before, now } = this.#texts();
    if (now.endsWith("\ufffd")) return "";
    this.#begin = this.#told;
    this.#told = this.#tokens.length;
    return now.slice(before.length);
  }

  /** What is left, whole letters or not. */
  end(): string {
    const { before, now } = this.#texts();
    return now.slice(before.length);
  }

  #texts(): { before: string; now: string } {
    return {
      before: this.decode(this.#tokens.slice(this.#begin, this.#told)),
      now: this.decode(this.#tokens.slice(this.#begin)),
    };
  }
}
