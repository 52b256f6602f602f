/** In which order test files are worked through. */
import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import seconds from "./seconds.json" with { type: "json" };

const known: Readonly<Record<string, number>> = seconds;

/**
 * What takes longest first, so that at the end no worker waits for what another began last: by the seconds of a
 * processor that seconds.json knows of, and by the size of files where it does not. Files that have a process of their
 * own come before those that share one, which would end where the two kinds took turns.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    const isShared = ({ project }: TestSpecification) => Number(!project.config.isolate);
    const secondsOf = ({ moduleId }: TestSpecification) => known[relative(this.ctx.config.root, moduleId)] ?? 0;
    return bySize.toSorted((a, b) => isShared(a) - isShared(b) || secondsOf(b) - secondsOf(a));
  }
}
