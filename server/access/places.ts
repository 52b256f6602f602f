/** Where things belong: to a team, and some to a graph of it; and who made them. */
import type { Db } from "../db";

export interface Place {
  teamId: string;
  graphId?: string | null;
  userId?: string | null;
  /** Whoever has an account may see it. */
  everyone?: boolean;
}

/** How each kind of thing is looked up. A new kind is a line here; nothing stands for what is not there. */
export const places = {
  team: (db: Db, id: string) => db.team.findUnique({ where: { id } }).then((team) => team && { teamId: team.id }),
  graph: (db: Db, id: string) => db.graph.findUnique({ where: { id }, select: ofTeam }).then(asGraph(id)),
  version: (db: Db, id: string) =>
    db.graphVersion
      .findUnique({ where: { id }, select: { graphId: true, graph: { select: ofTeam } } })
      .then((version) => version && { ...version.graph, graphId: version.graphId }),
  run: (db: Db, id: string) => db.run.findUnique({ where: { id }, select: ofGraph }),
  sweep: (db: Db, id: string) => db.sweep.findUnique({ where: { id }, select: ofGraph }),
  composite: (db: Db, id: string) => db.savedComposite.findUnique({ where: { id }, select: ofTeam }),
  app: (db: Db, id: string) =>
    db.app
      .findUnique({ where: { id }, select: { graphId: true, graph: { select: ofTeam } } })
      .then((app) => app && { ...app.graph, graphId: app.graphId }),
  link: (db: Db, id: string) => db.link.findUnique({ where: { id }, select: ofGraph }),
  template: (db: Db, id: string) =>
    db.template
      .findUnique({ where: { id }, select: { ...ofTeam, visibility: true } })
      .then((found) => found && { ...found, everyone: found.visibility === "everyone" }),
  secret: (db: Db, id: string) => db.secret.findUnique({ where: { id }, select: { teamId: true } }),
} satisfies Record<string, (db: Db, id: string) => Promise<Place | null>>;

const ofTeam = { teamId: true, userId: true } as const;
const ofGraph = { teamId: true, userId: true, graphId: true } as const;

function asGraph(graphId: string): (found: Place | null) => Place | null {
  return (found) => found && { ...found, graphId };
}
