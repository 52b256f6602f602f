/** What a parameter holds of a file that someone uploaded: the sha256 of its content, and its name. */
import * as z from "zod";

const ref = z.string().regex(/^[0-9a-f]{64}$/);

/** A file by itself; `name` is what it is called where none is said. */
export const storedFile = (name: string) => z.object({ ref, name: z.string().max(255).default(name) });

/** A file with those beside it that belong to it, by their paths from its folder. */
export const storedFolder = (name: string, mostFiles = 1000) =>
  storedFile(name).extend({
    files: z
      .array(z.object({ path: z.string().max(512), ref }))
      .max(mostFiles)
      .optional(),
  });
