/** Conversations as LLaVA's data has them: turns of a human and an assistant, with `<image>` where a picture goes. */

export interface Turn {
  from: Speaker;
  value: string;
}
export type Speaker = "human" | "gpt" | "system";

/** Stands in a text where a picture goes. */
export const pictureMark = "<image>";

/** More turns than a conversation has: what a stranger's file may claim. */
const mostTurns = 10_000;

/** Which mistake it is, for those who tell them apart. */
export type TurnFault = "bad-row" | "turn-order" | "placeholder-mismatch";

/** What is wrong with a conversation, as the end of a sentence that names its row. */
export class TurnError extends Error {
  constructor(
    message: string,
    readonly kind: TurnFault = "bad-row",
  ) {
    super(message);
  }
}

/**
 * Turns from what a file holds of them: `from` and `value`, or `role` and `content`, of human or user, gpt or
 * assistant, and system. One leading turn that is not the human's is skipped, as LLaVA's own loader does.
 */
export function turnsIn(value: unknown): Turn[] {
  if (!Array.isArray(value)) throw new TurnError("its conversation is no list of turns");
  if (value.length > mostTurns)
    throw new TurnError(`its conversation has ${value.length} turns, and ${mostTurns} is the limit`);
  const turns = value.map(turnIn);
  const spoken = turns[0]?.from === "human" ? turns : turns.slice(1);
  if (!spoken.length) throw new TurnError("nothing is said by a human in its conversation");
  return spoken;
}

const speakers: Readonly<Record<string, Speaker>> = {
  human: "human",
  user: "human",
  gpt: "gpt",
  assistant: "gpt",
  system: "system",
};

function turnIn(value: unknown, i: number): Turn {
  const turn = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const who = turn.from ?? turn.role;
  const text = turn.value ?? turn.content;
  if (typeof who !== "string") throw new TurnError(`turn ${i + 1} does not say who speaks`);
  if (typeof text !== "string") throw new TurnError(`turn ${i + 1} has no text`);
  if (!Object.hasOwn(speakers, who))
    throw new TurnError(`turn ${i + 1} is said by “${who.slice(0, 40)}”, and not by human, gpt or system`);
  return { from: speakers[who] as Speaker, value: text };
}

/** Checks that human and assistant take turns, the human first; what the system says may stand anywhere. */
export function checkOrder(turns: readonly Turn[]): void {
  const spoken = turns.flatMap(({ from }, i) => (from === "system" ? [] : [{ from, i }]));
  for (const [place, { from, i }] of spoken.entries()) {
    const due = place % 2 ? "gpt" : "human";
    if (from !== due)
      throw new TurnError(`turn ${i + 1} of those that count is ${from}'s, and ${due}'s is due`, "turn-order");
  }
}

/** How many pictures the turns have a place for. */
export const placesIn = (turns: readonly Turn[]): number =>
  turns.reduce((sum, { value }) => sum + value.split(pictureMark).length - 1, 0);

/** A lone `<image>` moves to the start of its turn, whose ends are then stripped; two or more stay where they are. */
export function placedAtStart(turns: readonly Turn[]): Turn[] {
  return turns.map(({ from, value }) => {
    const isLone = value.split(pictureMark).length === 2;
    if (!isLone || value.startsWith(pictureMark)) return { from, value };
    return { from, value: stripped(`${pictureMark}\n${stripped(value.replace(pictureMark, ""))}`) };
  });
}

/** Python's `strip`, which takes other letters for space than `trim`. */
const stripped = (text: string): string => text.replace(leadingSpace, "").replace(trailingSpace, "");

const space = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;
const leadingSpace = new RegExp(`^${space}+`);
const trailingSpace = new RegExp(`(?<!${space})${space}+$`);
