/**
 * What is looked at in a way of its own, such as a map of embeddings. Each kind is added to this interface by the file
 * in nodes/core/views/ that says what it holds, and drawn by the file of its name in app/_editor/previews/views/.
 * Pictures are stored ones, and all of it is small: it goes to the browser as it is.
 */
// biome-ignore lint/suspicious/noEmptyInterface: every file of nodes/core/views/ adds a kind
export interface Views {}

export type ViewKind = keyof Views;
export type ViewOf<K extends ViewKind> = { kind: K } & Views[K];
export type View = { [K in ViewKind]: ViewOf<K> }[ViewKind];
