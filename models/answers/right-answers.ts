/** The right answers, or the references, that a text holds: a JSON list of several, or itself. */

/**
 * Of a JSON list of texts, numbers or objects with `answer` or `caption` its items; of any other text itself. `name` is
 * what the row is called in errors, such as “Question 3”.
 */
export function rightAnswers(text: string, name: string): string[] {
  const answers = listIn(text)?.map((item) => answerIn(item) ?? refuseItem(item, name)) ?? [text];
  if (answers.length) return answers;
  throw Object.assign(new Error(`${name} has an empty list of right answers.`), {
    hint: "Leave out rows that nobody answered.",
  });
}

function listIn(text: string): unknown[] | undefined {
  if (!text.trimStart().startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // an answer may begin with a bracket
  }
}

/** What an item says: itself, or what its `answer` or `caption` does, however deep that lies. */
function answerIn(item: unknown): string | undefined {
  let inner = item;
  while (typeof inner === "object" && inner !== null) {
    const { answer, caption } = inner as { answer?: unknown; caption?: unknown };
    inner = answer ?? caption;
  }
  return typeof inner === "string" || typeof inner === "number" ? String(inner) : undefined;
}

function refuseItem(item: unknown, name: string): never {
  throw Object.assign(new Error(`${name} has ${called(item)} among its right answers, which is no text.`), {
    hint: "A list of right answers holds texts, numbers, or objects with “answer” or “caption”.",
  });
}

/** In few words: what a file holds there may be of any size. */
function called(item: unknown): string {
  if (Array.isArray(item)) return "a list";
  return typeof item === "object" && item !== null ? "an object without a text" : `the value ${item}`;
}

/** Right answers in few words, each once. */
export const shortList = (answers: readonly string[]): string => [...new Set(answers)].slice(0, 4).join(" | ");
