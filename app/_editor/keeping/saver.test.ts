import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { addNode, setNote, setParam } from "#nodes/graph/edits";
import { graph } from "#tests/kit/graphs";
import { createEditor } from "../store";
import { type Draft, type Drafts, outlived } from "./drafts";
import { Saver } from "./saver";
import { agentName } from "./this-window";

const base = graph({ data: ["data.emoji"], resize: ["image.resize", { width: 64 }] }, ["data.image -> resize.image"]);

/** A server that may be away, that may lose answers, and that refuses what builds on an old revision. */
class FakeServer {
  revision = 1;
  document: GraphDocument = base;
  state: "there" | "away" | "loses answers" = "there";
  asked = 0;

  async save({ revision, document }: { revision: number; document: GraphDocument }): Promise<{ revision: number }> {
    this.asked++;
    if (this.state === "away") throw new Error("no answer");
    if (revision !== this.revision) throw Object.assign(new Error(), { data: { code: "CONFLICT", httpStatus: 409 } });
    this.revision++;
    this.document = JSON.parse(JSON.stringify(document));
    if (this.state === "loses answers") throw new Error("no answer");
    return { revision: this.revision };
  }
  async get() {
    if (this.state === "away") throw new Error("no answer");
    return { revision: this.revision, document: JSON.parse(JSON.stringify(this.document)) as GraphDocument };
  }
}

function memoryDrafts(): Drafts & { kept: Map<string, Draft> } {
  const kept = new Map<string, Draft>();
  return {
    kept,
    keep: async (draft) => void kept.set(draft.window, draft),
    forget: async (_, window) => void kept.delete(window),
    of: async () => [...kept.values()],
    clean: async () => {},
  };
}

function open(server: FakeServer, window = "w", drafts = memoryDrafts()) {
  const store = createEditor({ graphId: "g", document: JSON.parse(JSON.stringify(server.document)) });
  const taken: [number, boolean][] = [];
  const saver = new Saver({
    store,
    graph: "g",
    window,
    stored: { revision: server.revision, document: server.document },
    server,
    drafts,
    onRefused: () => {},
    onTaken: (...told) => taken.push(told),
  });
  const edit = (change: (document: GraphDocument) => GraphDocument) => {
    store.getState().edit(change);
    return saver.keep();
  };
  const now = () => store.getState().history.present;
  return { store, saver, drafts, taken, edit, now };
}
const width = (to: number) => (document: GraphDocument) => setParam(document, "resize", "width", to);
const note = (text: string) => (document: GraphDocument) => setNote(document, "data", text);

describe("a window", () => {
  it("keeps each change in the browser until the server has it", async () => {
    const server = new FakeServer();
    const { saver, drafts, edit, store } = open(server);
    await edit(width(1));
    expect(drafts.kept.get("w")).toMatchObject({
      base: { revision: 1 },
      document: { nodes: { resize: { params: { width: 1 } } } },
    });
    expect(await saver.save()).toBe(true);
    await saver.keep();
    expect(drafts.kept.size).toBe(0);
    expect(server.document.nodes.resize?.params.width).toBe(1);
    expect(store.getState()).toMatchObject({ saved: "saved", keptAt: undefined });
  });

  it("counts as saved when all is undone to what the server has, and not while that is being asked", async () => {
    const server = new FakeServer();
    const { saver, drafts, edit, store } = open(server);
    await edit(width(1));
    await edit(note("two"));
    store.getState().undo();
    expect(store.getState().saved).toBe("unsaved");
    store.getState().undo();
    expect(store.getState().saved).toBe("saved");
    await saver.keep();
    expect(drafts.kept.size).toBe(0);
    expect(await saver.save()).toBe(true);
    expect(server.asked).toBe(0);
    store.getState().redo();
    const saving = saver.save();
    // The server may have the edit by now.
    store.getState().undo();
    expect(store.getState().saved).toBe("unsaved");
    await saving;
    expect(server.document.nodes.resize?.params.width).toBe(64);
    expect(store.getState().saved).toBe("saved");
    // A save of which no answer came may have arrived, too.
    server.state = "loses answers";
    await edit(width(2));
    await saver.save();
    store.getState().undo();
    expect(store.getState().saved).toBe("unsaved");
  });

  it("loses nothing while the server is away, and says so", async () => {
    const server = new FakeServer();
    const { saver, drafts, edit, store } = open(server);
    server.state = "away";
    await edit(width(1));
    expect(await saver.save()).toBe(false);
    await edit(note("later"));
    expect(store.getState().saved).toBe("unsaved");
    await saver.save();
    expect(store.getState().saved).toBe("failed");
    expect(drafts.kept.get("w")?.document.nodes.data?.note).toBe("later");
    server.state = "there";
    expect(await saver.save()).toBe(true);
    expect(server.document.nodes).toMatchObject({ data: { note: "later" }, resize: { params: { width: 1 } } });
  });

  it("knows its own work when the answer of a save was lost, also after more edits of the same", async () => {
    const server = new FakeServer();
    const { saver, edit, store, taken } = open(server);
    await edit((document) => width(1)(addNode(document, "image.resize", { x: 0, y: 0 }).document));
    server.state = "loses answers";
    expect(await saver.save()).toBe(false);
    server.state = "there";
    await edit((document) => setParam(width(2)(document), "resize_2", "width", 7));
    expect(await saver.save()).toBe(true);
    expect(store.getState().question).toBeUndefined();
    expect(Object.keys(server.document.nodes)).toEqual(["data", "resize", "resize_2"]);
    expect(server.document.nodes.resize?.params.width).toBe(2);
    expect(taken).toEqual([]);
  });

  it("whose tab is killed while a save is on its way leaves a draft that knows what was sent", async () => {
    const server = new FakeServer();
    const { saver, drafts, edit } = open(server);
    await edit(width(1));
    server.state = "loses answers";
    await saver.save();
    await saver.keep();
    expect(drafts.kept.get("w")?.sent).toEqual([server.document]);
  });
});

describe("two windows", () => {
  it("that edit different parts have both, and undo is about own edits", async () => {
    const server = new FakeServer();
    const [one, two] = [open(server, "1"), open(server, "2")];
    await one.edit(note("mine"));
    await one.edit(note("mine, again"));
    await two.edit(width(8));
    await two.saver.save();
    expect(await one.saver.save()).toBe(true);
    expect(one.taken).toEqual([[1, true]]);
    expect(server.document.nodes).toMatchObject({ data: { note: "mine, again" }, resize: { params: { width: 8 } } });
    one.store.getState().undo();
    expect(one.now().nodes).toMatchObject({ data: { note: "mine" }, resize: { params: { width: 8 } } });
    one.store.getState().undo();
    expect(one.now().nodes.data?.note).toBeUndefined();
    expect(one.now().nodes.resize?.params.width).toBe(8);
    one.store.getState().redo();
    one.store.getState().redo();
    expect(one.now().nodes.data?.note).toBe("mine, again");
    await two.saver.hear(server.revision);
    expect(two.now()).toEqual(server.document);
    expect(two.store.getState().saved).toBe("saved");
  });

  it("of which one was away for long lose no edit of either", async () => {
    const server = new FakeServer();
    const [one, two] = [open(server, "1"), open(server, "2")];
    for (let i = 0; i < 10; i++) {
      await one.edit((document) => setParam(document, "data", "limit", i + 1));
      await two.edit((document) => addNode(document, "image.resize", { x: i, y: 0 }).document);
      await two.saver.save();
      await one.edit((document) => addNode(document, "image.normalize", { x: i, y: 9 }).document);
    }
    await one.saver.save();
    await two.saver.hear(server.revision);
    expect(Object.keys(server.document.nodes)).toHaveLength(22);
    expect(two.now()).toEqual(one.now());
    expect(server.document.nodes.data?.params.limit).toBe(10);
  });

  it("that change the same are asked, and what is chosen is saved", async () => {
    const server = new FakeServer();
    const [one, two] = [open(server, "1"), open(server, "2")];
    await two.edit(width(8));
    await two.saver.save();
    await one.edit((document) => note("mine")(width(9)(document)));
    expect(await one.saver.save()).toBe(false);
    expect(one.store.getState().saved).toBe("conflict");
    expect(one.drafts.kept.size).toBe(1);
    await one.edit(note("edited on"));
    expect(one.store.getState().saved).toBe("conflict");
    const key = JSON.stringify(["nodes", "resize", "params", "width"]);
    await one.saver.choose({ [key]: "theirs" });
    expect(server.document.nodes).toMatchObject({ data: { note: "edited on" }, resize: { params: { width: 8 } } });
    expect(one.store.getState()).toMatchObject({ saved: "saved", question: undefined });
  });

  it("hear of each other's saves at once", async () => {
    const server = new FakeServer();
    const [one, two] = [open(server, "1"), open(server, "2")];
    await one.edit(width(3));
    await one.saver.save();
    await two.saver.hear(server.revision);
    expect(two.now().nodes.resize?.params.width).toBe(3);
    expect([two.taken, two.store.getState().saved, server.asked]).toEqual([[[1, false]], "saved", 1]);
    two.store.getState().undo();
    expect(two.now().nodes.resize?.params.width).toBe(3);
  });
});

describe("drafts", () => {
  it("are kept for a month, and fifty of them at most", () => {
    const day = 24 * 60 * 60 * 1000;
    const drafts = Array.from({ length: 60 }, (_, i) => ({ graph: "g", window: String(i), at: (i + 1) * day }));
    const gone = outlived(drafts, 61 * day);
    expect(gone.map(({ window }) => Number(window)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, i) => i),
    );
    expect(
      outlived(
        drafts.map((draft) => ({ ...draft, at: 60 * day })),
        61 * day,
      ),
    ).toHaveLength(10);
  });
});

it("names browsers and systems", () => {
  expect(agentName("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")).toBe("Firefox on Linux");
  const edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0";
  expect(agentName(edge)).toBe("Edge on Windows");
});
