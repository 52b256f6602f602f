import { Command, Option } from "commander";
import { amount, env } from "../env";
import { bytesText } from "../runtime-failures";
import { diskLimit, inUseSince } from "../storage/budget";
import { bytesOf, giveUp, kindsOfFiles, spareFiles } from "../storage/disk";
import { removeLeftovers } from "../storage/leftovers";
import { Usage } from "../usage";
import { jsonOption, printJson, say } from "./output";

interface CleanOptions {
  free?: boolean;
  keep?: string;
  json?: boolean;
}

export function cleanCommand(): Command {
  return new Command("clean")
    .option("--free", "gives up all that can be made again, and what killed processes left")
    .addOption(new Option("--keep <amount>", "with --free: up to so much of it stays, such as 10G; what was used last"))
    .addOption(jsonOption())
    .description("Shows what the data folder holds, and frees what can be made again.")
    .action(clean);
}

async function clean(options: CleanOptions): Promise<void> {
  const { data } = env();
  if (options.keep !== undefined && !options.free) throw new Usage("--keep says what stays of what --free gives up.");
  const freed = options.free ? await free(data, options.keep) : undefined;
  const kinds = await kindsOfFiles(data);
  const limit = await diskLimit(data, bytesOf(kinds.filter(({ spare }) => spare)));
  if (options.json) return printJson({ data, limit, kinds, freed });
  const width = Math.max(0, ...kinds.map(({ kind }) => kind.length));
  for (const { kind, bytes, files, spare } of kinds) {
    const amounts = `${bytesText(bytes).padStart(12)} ${String(files).padStart(9)} files`;
    console.log(`${kind.padEnd(width)} ${amounts}  ${spare ? "can be made again" : "stays"}`);
  }
  if (freed) say(`Freed ${bytesText(freed.bytes)} in ${freed.files} files.`);
  else say(`What can be made again may take ${bytesText(limit)} (PATCHBAY_DISK); clean --free gives it up.`);
}

/** What runs that go on use stays. */
async function free(data: string, keep: string | undefined): Promise<{ files: number; bytes: number }> {
  const kept = amount.safeParse(keep ?? "0");
  if (!kept.success) throw new Usage(`--keep is an amount such as 10G or 500M, and not “${keep}”.`);
  await removeLeftovers(data);
  const inUse = await inUseSince(data);
  return giveUp(await spareFiles(data), kept.data, inUse);
}
