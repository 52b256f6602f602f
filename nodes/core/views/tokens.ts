/** Texts as a model reads them. */
export interface Tokens {
  rows: TokenRow[];
  /** How many rows there were, and how long each is. */
  count: number;
  length: number;
}

export interface TokenRow {
  /** The text that the offsets lie in. */
  text?: string;
  tokens: ShownToken[];
  /** Tokens behind those that are shown. */
  hidden: number;
}

export interface ShownToken {
  id: number;
  /** As it reads, and as the vocabulary spells it where that is something else. */
  text: string;
  spelling?: string;
  /** Whether the mask leaves it out. */
  isOff?: boolean;
  /** The letters of the text that it stands for, by code points. */
  span?: [start: number, end: number];
}

declare module "../view" {
  interface Views {
    tokens: Tokens;
  }
}
