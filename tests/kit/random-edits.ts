/**
 * Edits of a graph drawn at random, as somebody could make them in the editor: any of its kinds, anywhere in the
 * document, sensible or not. What a sequence of them does depends on the stream of draws alone.
 */
import type { Random } from "#models/random";
import {
  addFrame,
  addNote,
  bend,
  changeFrame,
  changeNote,
  itemsOf,
  moveItems,
  putInto,
  setShut,
  unframe,
} from "#nodes/graph/annotations";
import {
  circleReason,
  labelParam,
  moveOuter,
  publish,
  removePort,
  renamePort,
  setCompositeText,
  unpublish,
  within,
} from "#nodes/graph/composite-edits";
import { compositeNamed, compositeOf, compositeType, insideOf, withoutUnused } from "#nodes/graph/composites";
import { referenceTo, removeConstant, renameConstant, setConstant, setConstantValue } from "#nodes/graph/constants";
import { boundary, colours, type GraphDocument, type GraphNode, type Pin } from "#nodes/graph/document";
import {
  addNode,
  connect,
  disconnect,
  excerpt,
  moveNodes,
  paste,
  removeNodes,
  setNote,
  setParam,
  setPin,
  setTitle,
  toggleCollapsed,
  toggleOff,
} from "#nodes/graph/edits";
import { flattened } from "#nodes/graph/flatten";
import { setPinAt } from "#nodes/graph/pinning";
import { savedFrom, updatedTo, withEntry } from "#nodes/graph/library";
import { expand, make } from "#nodes/graph/make-composite";
import type { Registry } from "#nodes/core/node";
import { registry as everyNode } from "#nodes/registry.gen";

const registry: Registry = everyNode;
type Json = GraphNode["params"][string];
/** An edit of the graph that is seen, which may be the inside of a composite. */
type Edit = (graph: GraphDocument, draw: Random, composite: string | undefined) => GraphDocument;
/** An edit of the document as a whole. */
type WholeEdit = (document: GraphDocument, draw: Random, composite: string | undefined) => GraphDocument;

/** A graph that has so many nodes is not made larger. */
const mostNodes = 40;

const types = [
  "data.emoji",
  "image.resize",
  "image.normalize",
  "text.describe",
  "text.tokenize",
  "model.projector",
  "model.l2-normalize",
  "model.vision-transformer",
  "model.contrastive-scorer",
  "loss.info-nce",
  "train.trainer",
  "weights.freeze",
  "eval.accuracy",
  "no.such-node",
];
const texts = ["", "Tower", "a b", "  ", "ä\ud800", "{{width}}", "constructor", "Two\nlines"];
const names = ["width", "D", "rate", "constructor", "image", "a b", ""];
const values: readonly Json[] = [0, 8, -1.5, "", "cosine", true, null, [1, 2], { $: "width" }, { $: "gone" }, {}];

const pin: Pin = {
  at: "2026-11-01T10:00:00.000Z",
  ref: "a".repeat(64),
  bytes: 1024,
  params: { width: 8 },
  outputs: { embedding: { type: "tensor", dtype: "float32", shape: [4, 8] } },
};

function pick<T>(draw: Random, list: readonly T[]): T {
  return list[draw.below(list.length)] as T;
}

const point = (draw: Random) => ({ x: draw.below(2000) - 400.4, y: draw.below(1200) - 300.6 });
const sizeOf = (draw: Random) => ({ width: draw.below(900) + 10, height: draw.below(600) + 10 });
const areaOf = (draw: Random) => ({ position: point(draw), size: sizeOf(draw) });

/** Some of a list: often one, sometimes many, now and then one that is not there. */
function some(draw: Random, list: readonly string[]): string[] {
  if (!list.length || draw.uniform() < 0.03) return ["gone"];
  if (draw.uniform() < 0.5) return [pick(draw, list)];
  return list.filter(() => draw.uniform() < 0.4);
}

const nodeOf = (graph: GraphDocument, draw: Random): string => pick(draw, [...Object.keys(graph.nodes), "gone"]);
const someNodes = (graph: GraphDocument, draw: Random): string[] => some(draw, Object.keys(graph.nodes));
const someItems = (graph: GraphDocument, draw: Random): string[] => some(draw, itemsOf(graph));
const frameNamed = (graph: GraphDocument, draw: Random): string =>
  pick(draw, [...Object.keys(graph.frames ?? {}), "gone"]);

/** A port that a node of the graph may have, by what its type declares. */
function portOf(graph: GraphDocument, id: string, side: "inputs" | "outputs", draw: Random): string {
  const type = graph.nodes[id]?.type ?? "";
  const composite = compositeOf(graph, graph.nodes[id]);
  const ports = Object.keys(composite?.[side] ?? registry[type]?.[side] ?? {});
  return pick(draw, ports.length ? ports : ["image"]);
}

function paramOf(graph: GraphDocument, id: string, draw: Random): string {
  const { type = "", params = {} } = graph.nodes[id] ?? {};
  const composite = compositeOf(graph, graph.nodes[id]);
  return pick(draw, [
    ...Object.keys(composite?.params ?? registry[type]?.params ?? {}),
    ...Object.keys(params),
    "width",
  ]);
}

/** Edits of nodes, wires and what is drawn beside them. */
const edits: Readonly<Record<string, Edit>> = {
  add: (graph, draw) => addNode(graph, pick(draw, addable(graph)), point(draw)).document,
  remove: (graph, draw) => removeNodes(graph, someItems(graph, draw)),
  connect: (graph, draw) => {
    const [from, to] = [pick(draw, Object.keys(graph.nodes)), pick(draw, Object.keys(graph.nodes))];
    if (from === undefined || to === undefined || from === to) return graph;
    const source = { node: from, port: portOf(graph, from, "outputs", draw) };
    return connect(graph, { from: source, to: { node: to, port: portOf(graph, to, "inputs", draw) } });
  },
  disconnect: (graph, draw) => disconnect(graph, graph.wires.length ? [pick(draw, graph.wires)] : []),
  set: (graph, draw) => {
    const id = nodeOf(graph, draw);
    const value = draw.uniform() < 0.2 ? undefined : pick(draw, values);
    return Object.hasOwn(graph.nodes, id) ? setParam(graph, id, paramOf(graph, id, draw), value) : graph;
  },
  title: (graph, draw) => setTitle(graph, nodeOf(graph, draw), pick(draw, texts)),
  remark: (graph, draw) => setNote(graph, nodeOf(graph, draw), pick(draw, texts)),
  move: (graph, draw) => moveNodes(graph, Object.fromEntries(someItems(graph, draw).map((id) => [id, point(draw)]))),
  carry: (graph, draw) => moveItems(graph, someItems(graph, draw), point(draw)),
  bypass: (graph, draw) => toggleOff(graph, someNodes(graph, draw), "bypassed"),
  mute: (graph, draw) => toggleOff(graph, someNodes(graph, draw), "muted"),
  pin: (graph, draw) => setPin(graph, nodeOf(graph, draw), draw.uniform() < 0.6 ? pin : undefined),
  collapse: (graph, draw) => toggleCollapsed(graph, someNodes(graph, draw)),
  frame: (graph, draw) =>
    addFrame(graph, someItems(graph, draw), { title: pick(draw, texts), ...areaOf(draw) }).document,
  reframe: (graph, draw) =>
    changeFrame(graph, frameNamed(graph, draw), {
      title: pick(draw, texts),
      text: pick(draw, texts),
      colour: pick(draw, [undefined, ...colours]),
      ...areaOf(draw),
    }),
  shut: (graph, draw) => setShut(graph, [frameNamed(graph, draw)], draw.uniform() < 0.5),
  unframe: (graph, draw) => unframe(graph, some(draw, Object.keys(graph.frames ?? {}))),
  into: (graph, draw) => {
    const frame = frameNamed(graph, draw);
    return putInto(graph, someItems(graph, draw), frame === "gone" ? undefined : frame);
  },
  note: (graph, draw) => addNote(graph, { text: pick(draw, texts), ...areaOf(draw) }).document,
  annotate: (graph, draw) =>
    changeNote(graph, pick(draw, [...Object.keys(graph.notes ?? {}), "gone"]), {
      text: pick(draw, texts),
      colour: pick(draw, [undefined, ...colours]),
    }),
  bend: (graph, draw) => {
    const wire = graph.wires.length ? pick(draw, graph.wires) : undefined;
    return wire
      ? bend(
          graph,
          wire,
          Array.from({ length: draw.below(4) }, () => point(draw)),
        )
      : graph;
  },
  make: (graph, draw, inside) =>
    make(graph, someItems(graph, draw), { title: pick(draw, ["Tower", "Composite", "ä"]), inside })?.document ?? graph,
  expand: (graph, draw, inside) => {
    const instances = Object.keys(graph.nodes).filter((id) => compositeOf(graph, graph.nodes[id]));
    return instances.length ? (expand(graph, pick(draw, instances), { inside })?.document ?? graph) : graph;
  },
  paste: (graph, draw) =>
    Object.keys(graph.nodes).length > mostNodes
      ? graph
      : paste(graph, excerpt(graph, someItems(graph, draw)), point(draw)).document,
};

function addable(graph: GraphDocument): string[] {
  if (Object.keys(graph.nodes).length > mostNodes) return ["image.resize"];
  return [...types, ...Object.keys(graph.composites ?? {}).map(compositeType)];
}

/** Edits of what belongs to the document: constants, and the boundaries of composites. */
const wholeEdits: Readonly<Record<string, WholeEdit>> = {
  constant: (document, draw) =>
    setConstant(
      document,
      pick(draw, names),
      pick(draw, [
        { kind: "number", value: draw.below(64) },
        { kind: "text", value: pick(draw, texts) },
        { kind: "choice", value: "a", choices: ["a", "b"] },
      ] as const),
    ),
  value: (document, draw) => setConstantValue(document, pick(draw, names), pick(draw, values)),
  rename: (document, draw) => renameConstant(document, pick(draw, names), pick(draw, names)),
  forget: (document, draw) => removeConstant(document, pick(draw, names)),
  refer: (document, draw, composite) =>
    within(document, composite, (graph) => {
      const id = nodeOf(graph, draw);
      if (!Object.hasOwn(graph.nodes, id)) return graph;
      return setParam(graph, id, paramOf(graph, id, draw), referenceTo(pick(draw, ["width", "D"])));
    }),
  publish: (document, draw, composite) => {
    const inside = composite === undefined ? undefined : insideOf(document, composite);
    const id = inside && nodeOf(inside, draw);
    if (composite === undefined || !inside || !id || !Object.hasOwn(inside.nodes, id)) return document;
    return publish(document, composite, id, paramOf(inside, id, draw));
  },
  unpublish: onOuter("params", (document, composite, name) => unpublish(document, composite, name)),
  label: onOuter("params", (document, composite, name, draw) =>
    labelParam(document, composite, name, pick(draw, texts)),
  ),
  port: onOuter("inputs", (document, composite, name, draw) =>
    renamePort(document, composite, "inputs", name, pick(draw, names)),
  ),
  unport: onOuter("outputs", (document, composite, name) => removePort(document, composite, "outputs", name)),
  order: onOuter("outputs", (document, composite, name, draw) =>
    moveOuter(document, composite, "outputs", name, draw.uniform() < 0.5 ? 1 : -1),
  ),
  pinInside: (document, draw) => {
    const { instances } = flattened(document);
    const inside = [...instances.values()].flatMap(({ nodes }) => nodes);
    return setPinAt(
      document,
      pick(draw, [...inside, ...instances.keys(), "gone"]),
      draw.uniform() < 0.7 ? pin : undefined,
    );
  },
  describe: (document, draw, composite) =>
    setCompositeText(document, composite ?? "gone", { title: pick(draw, texts), description: pick(draw, texts) }),
  boundary: (document, draw, composite) =>
    composite === undefined ? document : within(document, composite, (graph) => boundaryWire(graph, draw)),
  drop: (document, draw) => withoutUnused(document, pick(draw, [...Object.keys(document.composites ?? {}), "gone"])),
  library: (document, draw) => fromLibrary(document, draw),
};

function onOuter(
  list: "inputs" | "outputs" | "params",
  change: (document: GraphDocument, composite: string, name: string, draw: Random) => GraphDocument,
): WholeEdit {
  return (document, draw, composite) => {
    const entries = Object.keys(compositeNamed(document, composite ?? "")?.[list] ?? {});
    return composite === undefined ? document : change(document, composite, pick(draw, [...entries, "gone"]), draw);
  };
}

function boundaryWire(graph: GraphDocument, draw: Random): GraphDocument {
  const id = nodeOf(graph, draw);
  if (!Object.hasOwn(graph.nodes, id)) return graph;
  if (draw.uniform() < 0.5) {
    const port = portOf(graph, id, "inputs", draw);
    return connect(graph, { from: { node: boundary.inputs, port }, to: { node: id, port } });
  }
  const port = portOf(graph, id, "outputs", draw);
  return connect(graph, { from: { node: id, port }, to: { node: boundary.outputs, port } });
}

/** Saves a composite as an entry, and takes it in again or brings another one up to it. */
function fromLibrary(document: GraphDocument, draw: Random): GraphDocument {
  const ids = Object.keys(document.composites ?? {});
  if (!ids.length || ids.length > 12) return document;
  const saved = savedFrom(document, pick(draw, ids));
  if (!saved) return document;
  const entry = { ...saved, id: "7b0f6f0e-6d0c-4c0e-9d0e-0c0c0c0c0c0c", version: draw.below(3) + 1 };
  return draw.uniform() < 0.5 ? withEntry(document, entry).document : updatedTo(document, pick(draw, ids), entry);
}

const kinds = [
  ...Object.keys(edits).map((name) => ({ name, isWhole: false })),
  ...Object.keys(wholeEdits).map((name) => ({ name, isWhole: true })),
];

/**
 * The document after an edit of a drawn kind at a drawn place, and what it was. As in the editor, one that would put a
 * composite into itself changes nothing.
 */
export function randomEdit(document: GraphDocument, draw: Random): { name: string; document: GraphDocument } {
  const { name, isWhole } = pick(draw, kinds);
  const composites = Object.keys(document.composites ?? {});
  const composite = composites.length && draw.uniform() < 0.4 ? pick(draw, composites) : undefined;
  const edit = isWhole ? undefined : edits[name];
  const changed = edit
    ? within(document, composite, (graph) => edit(graph, draw, composite))
    : (wholeEdits[name]?.(document, draw, composite) ?? document);
  const isCircular = Object.keys(changed.composites ?? {}).some((id) => circleReason(changed, id) !== undefined);
  return { name, document: isCircular ? document : changed };
}
