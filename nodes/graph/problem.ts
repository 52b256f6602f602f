/** Something wrong with a graph, as a value: this is how the editor talks while a person edits. */
export interface Problem {
  code:
    | "bad-document"
    | "future-schema"
    | "too-large"
    | "unknown-type"
    | "newer-version"
    | "bad-param"
    | "bad-params"
    | "unknown-node"
    | "unknown-port"
    | "duplicate-wire"
    | "cycle"
    | "missing-input"
    | "type-mismatch"
    | "shape-mismatch"
    | "dtype-mismatch"
    | "build-failed"
    /** It cannot be built of what is known while something before it is not wired yet, which is told there. */
    | "build-waits"
    | "packed-texts"
    | "unequal-layouts"
    | "duplicate-scope"
    | "not-differentiable"
    | "no-decoder"
    | "no-target"
    | "cannot-bypass"
    | "stale-pin";
  severity: "error" | "warning";
  node?: string;
  port?: string;
  param?: string;
  /** A whole sentence: what was expected and what came. */
  message: string;
  /** What to do. */
  hint?: string;
  /** Of a shape that does not fit: what was expected and what came. */
  shapes?: TwoShapes;
}

/** Two shapes to be compared axis by axis. */
export interface TwoShapes {
  expected: ShapeAt;
  came: ShapeAt;
  /** The first axis in which they differ; nothing where one of them has more axes. */
  axis?: number;
}

/** A shape and its port, as "resize.image". A size is a number, or what it is called. */
export interface ShapeAt {
  port: string;
  sizes: readonly (number | string)[];
}

/** Why something cannot be wired. */
export type Objection = Pick<Problem, "message" | "shapes">;

type Place = Pick<Problem, "node" | "port" | "param">;
/** A problem that keeps the graph from running. */
export const errorProblem = (code: Problem["code"], message: string, hint: string, place: Place = {}): Problem => ({
  code,
  severity: "error",
  ...place,
  message,
  hint,
});
