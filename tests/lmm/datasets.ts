/**
 * Data sets as they lie on disk: the rows of good files, picture by picture, and of broken ones what is complained of
 * and what comes out all the same. Conversations are read by the node of that name, captions by Data set.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rowsOf, strategyIn, takenBy } from "#models/files/conversations/mixture";
import { conversations } from "#nodes/data/conversations";
import { table } from "#nodes/data/table";
import { count } from "#tests/conformance/counts";
import { runNode } from "#tests/kit/run-node";
import { type Complaint, faultOf } from "./dataset-faults";
import { type ExpectedPicture, hostOf, picturesLike } from "./dataset-pictures";
import { captionFormats, filesIn, readCaptions } from "./dataset-tables";
import { hasPart, jsonOf, setFolder } from "./set";

const part = "datasets";

interface Row {
  id?: string | number | null;
  key?: string;
  images: ExpectedPicture[];
  turns?: [string, string][];
  captions?: string[];
  mode?: string;
  video?: string;
  data_source?: string;
}
interface Expected {
  format: string;
  rows: Row[];
  complaints: Complaint[];
  files?: Record<string, unknown>;
  /** Captions of pictures that lie elsewhere. */
  capfilt?: { file: string; rows: number };
}
interface Mixture {
  format: string;
  entries: { json_path: string; strategy: string | null; of: number; count: number; ids?: string[] }[];
  total: number;
  counts: Record<string, number>;
}

export function testDatasets(): void {
  if (!hasPart(part)) return;
  const folders = foldersIn(part).map(
    (name) => [name, jsonOf<Expected | Mixture>(part, name, "expected.json")] as const,
  );
  const good = folders.filter(([name]) => !name.startsWith("broken/"));
  const broken = folders.filter(([name]) => name.startsWith("broken/")) as [string, Expected][];

  describe("good data sets", () => {
    it.each(good)("%s gives its rows", async (name, expected) => {
      if ("entries" in expected) await testMixture(name, expected);
      else for (const files of filesIn(name, expected)) await testRows(name, files, expected);
      if ("capfilt" in expected && expected.capfilt) await testAddresses(name, expected.capfilt);
      count("good folders");
    });
  });

  describe("broken data sets", () => {
    it.each(broken)("%s is told as what it is, and gives what is whole", async (name, expected) => {
      const files = filesIn(name, expected)[0] ?? "";
      const told = await complaintsOf(name, files, expected);
      for (const complaint of expected.complaints)
        expect(faultOf(told.said, complaint, files.endsWith(".csv") ? 1 : 0), told.said).toBe("told");
      if (!expected.complaints.length) expect(told.said).toBe("");
      if (told.read && expected.rows.length) await sameRows(told.read, expected.rows);
      else expect(expected.rows).toEqual([]);
      count("broken folders");
    });
  });
}

/** The folders with rows that are known. */
function foldersIn(...path: string[]): string[] {
  const folder = join(setFolder, ...path);
  const here = existsSync(join(folder, "expected.json")) ? [path.slice(1).join("/")] : [];
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...here, ...inner.flatMap(({ name }) => foldersIn(...path, name))].sort();
}

async function read(name: string, files: string, format: string, params: object) {
  const folder = join(setFolder, part, name);
  const { host, warnings } = await hostOf(folder);
  if (captionFormats.has(format))
    return { host, warnings, ...(await readCaptions(host, format, { folder, files, ...params })) };
  const read = await runNode(conversations, {}, { folder, files, ...params }, host);
  const { images, conversation, id, kind, video, source } = read;
  const rows = conversation.map((text, i) => ({
    turns: (JSON.parse(text) as { from: string; value: string }[]).map(({ from, value }) => [from, value]),
    id: id[i],
    kind: kind[i],
    video: video[i],
    source: source[i],
  }));
  return { host, warnings, images, rows };
}
type Read = Awaited<ReturnType<typeof read>>;

async function testRows(name: string, files: string, { format, rows }: Expected): Promise<void> {
  const got = await read(name, files, format, {});
  expect(got.warnings).toEqual([]);
  await sameRows(got, rows);
}

/** Pictures by their addresses are missing ones: nothing is fetched unasked. */
async function testAddresses(name: string, { file, rows }: { file: string; rows: number }): Promise<void> {
  const folder = join(setFolder, part, name);
  const columns = [{ name: "url", as: "picture" }];
  const { host } = await hostOf(folder);
  await expect(runNode(table, {}, { folder, files: file, columns }, host)).rejects.toThrow(
    `${rows} of ${rows} rows cannot be used`,
  );
}

async function sameRows({ host, images, rows: got }: Pick<Read, "host" | "images" | "rows">, rows: readonly Row[]) {
  expect(got).toMatchObject(rows.map(rowLike));
  expect(got).toHaveLength(rows.length);
  expect(images.counts ?? rows.map(() => 1)).toEqual(rows.map(({ images }) => images.length));
  await picturesLike(
    host,
    images,
    rows.flatMap((row) => row.images),
  );
  count("rows", rows.length);
}

const kinds: Record<string, string> = { anyres: "single", pad: "several", text: "text", video: "video" };
const speakers: Record<string, string> = { user: "human", assistant: "gpt" };

/** A row as the nodes give it, as far as it is known. */
function rowLike({ id, key, turns, captions, mode, video, data_source: source }: Row): object {
  return {
    ...(turns ? { turns: turns.map(([from, value]) => [speakers[from] ?? from, value]) } : {}),
    ...(turns && id !== undefined ? { id: String(id ?? "") } : {}),
    ...(key === undefined ? {} : { key }),
    ...(captions ? { captions } : {}),
    ...(mode === undefined ? {} : { kind: kinds[mode] }),
    ...(video === undefined ? {} : { video }),
    ...(source === undefined ? {} : { source }),
  };
}

async function testMixture(name: string, { entries, total, counts }: Mixture): Promise<void> {
  const isLax = entries.some(({ strategy }) => /^end:0+%?$/.test(strategy ?? ""));
  if (isLax) await expect(read(name, "*.yaml", "", {})).rejects.toThrow("takes nothing by its words");
  const { rows, warnings } = await read(name, "*.yaml", "", { strategies: "as LLaVA", seed: 3 });
  expect([rows.length, warnings]).toEqual([total, []]);
  let first = 0;
  for (const { json_path: path, count: amount, ids, of } of entries) {
    const got = rows.slice(first, first + amount).map((row) => String((row as { id: string }).id));
    if (ids) expect(got).toEqual(ids);
    else {
      const whole = await read(name, path, "", {});
      const all = whole.rows.map((row) => String((row as { id: string }).id));
      expect([all.length, new Set(got).size]).toEqual([of, amount]);
      expect(all).toEqual(expect.arrayContaining(got));
    }
    first += amount;
    count("entries of mixtures");
  }
  for (const [asked, amount] of Object.entries(counts)) {
    const [rowCount = "", strategy = ""] = asked.split(" ");
    const read = strategyIn(strategy, "as LLaVA");
    expect(takenBy(read, Number(rowCount)), asked).toBe(amount);
    expect((rowsOf(read, Number(rowCount), () => 0) ?? { length: Number(rowCount) }).length, asked).toBe(amount);
  }
}

/** What is said of a broken set: by an error where it stops, by warnings where bad rows are left out. */
interface Told {
  said: string;
  read?: Read;
}

async function complaintsOf(name: string, files: string, { format, complaints }: Expected): Promise<Told> {
  const stops = await read(name, files, format, { bad: "stop" })
    .then(({ host, images }) => host.decode(images, { sizeOf: (size) => size }, () => true))
    .then(
      () => undefined,
      (error: Error) => error.message,
    );
  expect(stops === undefined).toBe(!complaints.length);
  const got = await read(name, files, format, { bad: "leave out" }).catch((error: Error) => error);
  if (got instanceof Error) return { said: `${stops} ${got.message}` };
  return { said: got.warnings.join("\n"), read: got };
}
