import type { Outputs } from "../_trpc/client";

/** What a run would compute: see server/runs/foresee.ts. */
export type Foreseen = NonNullable<Outputs["runs"]["foresee"]>;
