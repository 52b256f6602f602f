import "server-only";
import { apps } from "./apps";
import { composites } from "./composites";
import { data } from "./data";
import { graphs } from "./graphs";
import { links } from "./links";
import { nodes } from "./nodes";
import { registries } from "./registries";
import { runs } from "./runs";
import { sweeps } from "./sweeps";
import { templates } from "./templates";
import { router } from "./trpc";

export const appRouter = router({
  apps,
  composites,
  data,
  graphs,
  links,
  nodes,
  registries,
  runs,
  sweeps,
  templates,
});
export type AppRouter = typeof appRouter;
