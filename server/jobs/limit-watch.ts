/** Holds a run to what it may take: one that goes beyond is asked to stop, and says why. */
import type { Preview } from "#nodes/core/preview";
import type { PublicError, RunEvent } from "#nodes/graph/events";
import type { ClaimedRun } from "../runs/claim";

const minute = 60_000;

export class LimitWatch {
  #exceeded: PublicError | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #sources: ReadonlySet<string>;

  /** `stop` is called once, when the first limit is passed. An attempt after a lost one has all of its time again. */
  constructor(
    readonly run: Pick<ClaimedRun, "document" | "limits">,
    readonly stop: () => void,
  ) {
    const { nodes, wires } = run.document;
    const fed = new Set(wires.map(({ to }) => to.node));
    this.#sources = new Set(Object.keys(nodes).filter((id) => !fed.has(id)));
    const { minutes } = run.limits ?? {};
    if (minutes === undefined) return;
    const passed = () => this.#exceed(`The run took more than the ${minutes} minutes that are allowed here.`);
    this.#timer = setTimeout(passed, minutes * minute);
    this.#timer.unref();
  }

  note(event: RunEvent): void {
    const { steps, rows } = this.run.limits ?? {};
    if (steps !== undefined && event.kind === "metric" && event.step > steps)
      this.#exceed(`The training took more than the ${steps} steps that are allowed here.`, event.node);
    if (rows === undefined || (event.kind !== "node-done" && event.kind !== "node-progress")) return;
    if (!this.#sources.has(event.node)) return;
    const read = Math.max(0, ...Object.values(event.previews ?? {}).map(rowsOf));
    if (read > rows) this.#exceed(`${read} rows were read, and at most ${rows} are allowed here.`, event.node);
  }

  /** A result with why it was stopped, where it was. */
  explained<R extends { status: string; error?: PublicError }>(result: R): R {
    return this.#exceeded && result.status === "cancelled" ? { ...result, error: this.#exceeded } : result;
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #exceed(message: string, node?: string): void {
    if (this.#exceeded) return;
    this.#exceeded = { message, hint: "Ask for less, or ask whoever made the form for a higher limit.", node };
    this.stop();
  }
}

function rowsOf(preview: Preview): number {
  if (preview.type === "image" || preview.type === "text") return preview.count;
  return preview.type === "tensor" ? (preview.rows ?? preview.shape[0] ?? 0) : 0;
}
