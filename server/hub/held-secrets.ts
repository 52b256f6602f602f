/** What a computation may know of its team's secrets, and where what it gets with them is kept. */
import { join } from "node:path";
import { Failure } from "../errors";
import type { HubSettings } from "./settings";

export interface HeldSecrets {
  /** Holds models of the hub that came with a secret: the shared cache is read by everybody here. */
  hub: string;
  /** What a secret says. Throws where there is none of that name. */
  textOf(name: string): Promise<string>;
}

/** Where a team's models lie that came with a secret of its own. */
export const hubOfTeam = (data: string, team: string): string => join(data, "hub", team);

/** The hub as it is reached with a secret of the team's. The text is asked for only where something may be sent. */
export async function hubWith(hub: HubSettings, secrets: HeldSecrets | undefined, name: string): Promise<HubSettings> {
  if (!secrets) throw noSecrets(name);
  const own = { ...hub, cache: secrets.hub };
  return hub.allowRemote ? { ...own, token: await secrets.textOf(name) } : { ...own, token: undefined };
}

const noSecrets = (name: string): Failure =>
  new Failure({
    param: "token",
    message: `The secret “${name}” cannot be used here.`,
    hint: "Run the graph in a Patchbay where the secret is kept.",
  });

/** Without a team, from the command line: `hub-token` is read from `PATCHBAY_SECRET_HUB_TOKEN`. */
export function secretsOfEnvironment(
  data: string,
  from: Record<string, string | undefined> = process.env,
): HeldSecrets {
  return {
    hub: hubOfTeam(data, "environment"),
    async textOf(name) {
      const variable = `PATCHBAY_SECRET_${name.toUpperCase().replace(/\W/g, "_")}`;
      const text = from[variable];
      if (text) return text;
      throw new Failure({
        param: "token",
        message: `There is no secret “${name}”.`,
        hint: `On the command line a secret is given as ${variable}.`,
      });
    },
  };
}
