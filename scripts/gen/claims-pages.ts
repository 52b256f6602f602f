/**
 * The tables and charts of docs/systems: what lies between `<!-- claims: ID -->` and the comment that ends it is made
 * of the results in docs/systems/claims.
 */
import { readFile } from "node:fs/promises";
import { root } from "../installation.mjs";
import { chartOf } from "../claims/charts";
import type { Experiment } from "../claims/experiment";
import { claimsFolder, keptRuns } from "../claims/results";
import { systems } from "../claims/systems";
import { tableOf } from "../claims/tables";

/** Pages and charts by their path, of the experiments that have results. */
export async function claimsPages(): Promise<Map<string, string>> {
  const written = new Map<string, string>();
  for (const [system, experiments] of Object.entries(systems)) {
    const path = `docs/systems/${system}.md`;
    let page = await readFile(`${root}/${path}`, "utf8");
    for (const [id, experiment] of Object.entries(experiments)) {
      const runs = keptRuns(id);
      if (runs.length) written.set(`${claimsFolder}/${id}.svg`, chartOf(id, experiment, runs));
      page = withSection(page, id, runs.length ? sectionOf(id, experiment, runs) : "");
    }
    written.set(path, page);
  }
  return written;
}

function sectionOf(id: string, experiment: Experiment, runs: ReturnType<typeof keptRuns>): string {
  const drawn = experiment.chart ? experiment.chart.measure : "The loss of each arm";
  return `${tableOf(experiment, runs)}\n\n![${drawn}](claims/${id}.svg)`;
}

/** The page with another text between an experiment's comments; the page itself where it has none. */
function withSection(page: string, id: string, text: string): string {
  const [begin, end] = [`<!-- claims: ${id} -->\n`, `\n<!-- end of ${id} -->`];
  const start = page.indexOf(begin);
  const stop = page.indexOf(end, start);
  if (start < 0 || stop < 0) return page;
  return `${page.slice(0, start)}${begin}${text}${page.slice(stop)}`;
}
