import "server-only";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { secretName } from "#nodes/core/secret-name";
import { must } from "../access/may";
import { heldSecrets } from "../access/secrets";
import { env } from "../env";
import { Failure } from "../errors";
import { openFolders } from "../files/folders";
import { columnsIn } from "../files/look-into";
import { hubWith } from "../hub/held-secrets";
import { openHubFolder } from "../hub/open";
import { type HubSettings, hubSettings } from "../hub/settings";
import { ownerOfRun } from "../runs/create";
import { type Context, procedure, router } from "./trpc";

const folder = z.object({ folder: z.string().max(4096) });
const model = z.object({
  model: z.string().max(200),
  revision: z.string().max(200),
  /** The name of a secret, of the team of this graph. */
  token: secretName.optional(),
  graph: z.uuid().optional(),
});
const configName = z.enum(["config.json", "preprocessor_config.json"]);
const files = z.object({ folder: z.string().max(4096), files: z.string().max(100_000) });

export const data = router({
  /** What columns the files of a data set have: of a folder that may be read, the first file's beginning is read. */
  columns: procedure.input(files).query(async ({ ctx, input: { folder, files } }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "installation" });
    return columnsIn(openFolders(env().folders), folder, files);
  }),
  /** A configuration in a model's folder that may be read, or of a model of the hub without its weights. */
  config: procedure
    .input(z.intersection(z.union([model, folder]), z.object({ file: configName.default("config.json") })))
    .query(async ({ ctx, input, signal = new AbortController().signal }) => {
      await must(ctx.db, ctx.actor, "see", { kind: "installation" });
      const { file } = input;
      if ("folder" in input) return configIn(await openFolders(env().folders).read(input.folder, file), file);
      const settings = await hubFor(ctx, input);
      const options = { settings, signal, onProgress() {}, onWarn() {} };
      const part = file === "config.json" ? "config" : "processor";
      const { folder } = await openHubFolder(input.model.trim(), input.revision, part, options);
      return configIn(await readFile(join(folder, file)), file);
    }),
});

/** The hub as whoever asks may reach it. A secret is used for those alone who may run what the team has. */
async function hubFor({ db, actor }: Context, { token, graph }: z.output<typeof model>): Promise<HubSettings> {
  const hub = hubSettings(env().allowRemote);
  if (token === undefined) return hub;
  const { teamId } = await ownerOfRun(db, actor, graph);
  await must(db, actor, "run", { kind: "team", id: teamId });
  return hubWith(hub, heldSecrets(db, teamId), token);
}

/** A configuration that is larger is none. */
const mostBytes = 2 ** 20;

function configIn(bytes: Uint8Array, name: string): string {
  if (bytes.byteLength <= mostBytes) return new TextDecoder().decode(bytes);
  throw new Failure({ message: `${name} has more than 1 MiB, which none has.`, hint: "Choose a model's folder." });
}
