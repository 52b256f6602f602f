/** What a run would compute, before it is asked for and after; and what of a graph with errors can run. */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { addWorker, api, withBackend } from "./kit/backend";
import { graph } from "./kit/graphs";

withBackend();
beforeAll(addWorker);

/** Texts that go two ways: in small letters and cut, and as they are. */
const branches = (text = "A b", length = 3): GraphDocument =>
  graph(
    {
      text: ["text.input", { text }],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      ids: ["text.tokenize", { length }],
      describe: ["text.describe", {}],
    },
    [
      "text.text -> tokenizer.text",
      "text.text -> ids.text",
      "tokenizer.tokenizer -> ids.tokenizer",
      "text.text -> describe.name",
      "text.text -> describe.keywords",
    ],
  );

async function runToEnd(asked: Parameters<typeof api.runs.create>[0]) {
  const { id, unsound } = await api.runs.create(asked);
  for (;;) {
    const run = await api.runs.get({ id });
    if (run.status !== "queued" && run.status !== "running") return { ...run, unsound };
    await sleep(50);
  }
}

describe("a run", () => {
  it("of one branch computes that branch alone, and of none is refused", async () => {
    const { id: graphId } = await api.graphs.create({ document: branches("one branch") });
    const { status, result } = await runToEnd({ graphId, document: branches("one branch"), targets: ["ids"] });
    expect([status, result?.ran.toSorted()]).toEqual(["done", ["ids", "text", "tokenizer"]]);
    expect(result?.outputs.describe).toBeUndefined();
    await expect(api.runs.create({ document: branches(), targets: [] })).rejects.toThrow("names no node");
  });

  it("is foreseen: what would run and why, what is kept, and how long it took before", async () => {
    const document = branches("stale");
    const { id: graphId } = await api.graphs.create({ document });
    const before = await api.runs.foresee({ graphId, document });
    expect(before).toMatchObject({ why: { text: "it never ran", ids: "it never ran" }, cached: [], isLonger: true });
    await runToEnd({ graphId, document });
    expect(await api.runs.foresee({ graphId, document })).toMatchObject({ why: {}, unsound: [], isLonger: false });
    const changed = branches("stale", 4);
    const after = await api.runs.foresee({ graphId, document: changed });
    expect(after?.why).toEqual({ ids: "parameter “length” changed" });
    expect(after?.cached.toSorted()).toEqual(["describe", "text", "tokenizer"]);
    expect([Object.keys(after?.ms ?? {}), typeof after?.total]).toEqual([["ids"], "number"]);
    const { result } = await runToEnd({ graphId, document: changed });
    expect([result?.ran, result?.outputs.text?.text?.value]).toEqual([["ids"], ["stale"]]);
    const other = await api.runs.foresee({ graphId, document: branches("other", 4) });
    expect(other?.why).toEqual({
      text: "parameter “text” changed",
      tokenizer: "input from Text changed",
      ids: "input from Text changed",
      describe: "input from Text changed",
    });
  });

  it("of the same graph computes nothing, also under other names, and gives results to one who only asks", async () => {
    await runToEnd({ document: branches("again") });
    const again = await runToEnd({ document: branches("again") });
    expect([again.result?.ran, Object.keys(again.result?.outputs ?? {}).length]).toEqual([[], 4]);
    const { nodes, wires, ...rest } = branches("again");
    const renamed = (name: string) => `other_${name}`;
    const others = {
      ...rest,
      nodes: Object.fromEntries(
        Object.entries(nodes)
          .map(([id, node]) => [renamed(id), node])
          .reverse(),
      ),
      wires: wires.toReversed().map(({ from, to }) => ({
        from: { ...from, node: renamed(from.node) },
        to: { ...to, node: renamed(to.node) },
      })),
    };
    const { result } = await runToEnd({ document: others });
    expect([result?.ran, result?.outputs.other_text?.text?.value]).toEqual([[], ["again"]]);
  });

  it("leaves out what has an error where it is asked to run what is sound, and names it", async () => {
    const whole = branches("sound");
    const broken = { ...whole, nodes: { ...whole.nodes, tokenizer: { ...whole.nodes.tokenizer, type: "text.gone" } } };
    await expect(api.runs.create({ document: broken as GraphDocument })).rejects.toThrow(/no node type/);
    const run = await runToEnd({ document: broken, soundOnly: true });
    expect([run.status, run.targets, run.unsound.map(({ node, title }) => [node, title])]).toEqual([
      "done",
      ["describe"],
      [["ids", "Tokenize"]],
    ]);
    const foreseen = await api.runs.foresee({ document: broken });
    expect(foreseen?.unsound[0]).toMatchObject({ node: "ids", message: expect.stringContaining("text.gone") });
    const mended = await runToEnd({ document: whole, soundOnly: true });
    expect([mended.status, mended.targets, Object.keys(mended.result?.outputs ?? {})]).toHaveLength(3);
    expect(Object.keys(mended.result?.outputs ?? {}).toSorted()).toEqual(["describe", "ids", "text", "tokenizer"]);
    await expect(
      api.runs.create({ document: graph({ grid: ["output.image-grid"] }), soundOnly: true }),
    ).rejects.toThrow(/needs its input/);
  });
});
