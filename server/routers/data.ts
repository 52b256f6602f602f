import "server-only";
import * as z from "zod";
import { env } from "../env";
import { openFolders } from "../files/folders";
import { columnsIn } from "../files/look-into";
import { procedure, router } from "./trpc";

const files = z.object({ folder: z.string().max(4096), files: z.string().max(100_000) });

export const data = router({
  /** What columns the files of a data set have: of a folder that may be read, the first file's beginning is read. */
  columns: procedure
    .input(files)
    .query(({ input: { folder, files } }) => columnsIn(openFolders(env().folders), folder, files)),
  /** The config.json of a model's folder that may be read. */
  config: procedure
    .input(z.object({ folder: z.string().max(4096) }))
    .query(async ({ input: { folder } }) =>
      new TextDecoder().decode(await openFolders(env().folders).read(folder, "config.json")),
    ),
});
