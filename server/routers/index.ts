import "server-only";
import { account } from "./account";
import { apps } from "./apps";
import { composites } from "./composites";
import { data } from "./data";
import { graphs } from "./graphs";
import { links } from "./links";
import { nodes } from "./nodes";
import { people } from "./people";
import { registries } from "./registries";
import { runs } from "./runs";
import { sweeps } from "./sweeps";
import { teams } from "./teams";
import { templates } from "./templates";
import { router } from "./trpc";

export const appRouter = router({
  account,
  apps,
  composites,
  data,
  graphs,
  links,
  nodes,
  people,
  registries,
  runs,
  sweeps,
  teams,
  templates,
});
export type AppRouter = typeof appRouter;
