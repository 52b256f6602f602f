import "server-only";
import { graphs } from "./graphs";
import { runs } from "./runs";
import { templates } from "./templates";
import { router } from "./trpc";

export const appRouter = router({ graphs, runs, templates });
export type AppRouter = typeof appRouter;
