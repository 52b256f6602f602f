import { useReactFlow } from "@xyflow/react";
import { type DragEvent, useCallback } from "react";
import { toast } from "../../_ui/toast";
import type { GraphDocument } from "#nodes/graph/document";
import { addNode, setParam } from "#nodes/graph/edits";
import { compositeType } from "#nodes/graph/composites";
import { readPictures } from "#nodes/core/pictures";
import { type LibraryEntry, withEntry } from "#nodes/graph/library";
import { insertion, passageThrough } from "#nodes/graph/inserting";
import { registry } from "#nodes/registry.gen";
import { openFiles } from "../../_open/opening";
import { entryIdOf, useReadEntry } from "../composites/use-library";
import { definitionOf, useEditorStore, useViewStore } from "../context";
import { dragType } from "../drag-type";
import type { EditorStore } from "../store";
import { upload } from "../upload";
import { fieldsOf } from "../widgets/describe";
import { markWireAt, useWireAt } from "./drop-on-wire";
import { useRoom } from "./room";

interface Point {
  x: number;
  y: number;
}
/** A dropped node's title lies under the pointer. */
const grip: Point = { x: 120, y: 16 };

/** What else is done with a graph to which a node was added, as part of the same step of the history. */
type Then = (level: GraphDocument, id: string) => GraphDocument;

/** Puts a node of a type at a place of the graph and chooses it. */
export function usePlacing(): (type: string, at: Point, then?: Then) => void {
  const store = useEditorStore();
  const view = useViewStore();
  const readEntry = useReadEntry();
  return useCallback(
    (type, at, then) => {
      if (definitionOf(type)) view.getState().rememberNode(type);
      const saved = entryIdOf(type);
      if (saved === undefined) put(store, at, (document) => ({ document, type }), then);
      else void readEntry(saved).then((entry) => entry && put(store, at, (document) => copied(document, entry)));
    },
    [store, view, readEntry],
  );
}

/** The document with a copy of what was saved, and the type of its instances. */
function copied(document: GraphDocument, entry: LibraryEntry): { document: GraphDocument; type: string } {
  const added = withEntry(document, entry);
  return { document: added.document, type: compositeType(added.composite) };
}

function put(
  store: EditorStore,
  at: Point,
  prepared: (document: GraphDocument) => { document: GraphDocument; type: string },
  then: Then = (level) => level,
): void {
  let id = "";
  store.getState().edit((document) => {
    const ready = prepared(document);
    const added = addNode(ready.document, ready.type, at);
    id = added.id;
    return then(added.document, added.id);
  });
  store.getState().select([id]);
}

/** What is dropped on the canvas: a node type of the palette, or pictures. */
export function useDrop(): (event: DragEvent) => void {
  const store = useEditorStore();
  const place = usePlacing();
  const { screenToFlowPosition } = useReactFlow();
  const wireAt = useWireAt();
  const makeRoom = useRoom();
  return (event) => {
    if (store.getState().frozen) return;
    const at = screenToFlowPosition({ x: event.clientX - grip.x, y: event.clientY - grip.y });
    const files = [...event.dataTransfer.files];
    const type = event.dataTransfer.getData(dragType);
    if (!files.length && !type) return;
    event.preventDefault();
    if (!files.length) {
      const wire = wireAt({ x: event.clientX, y: event.clientY });
      markWireAt(undefined);
      return place(type, at, (level, id) => {
        const { passage, reason } = wire ? passageThrough({ document: level }, wire, id) : {};
        if (reason) toast.error("It cannot be put into this wire.", { description: reason });
        return wire && passage ? makeRoom(insertion(wire, id, passage)(level), id, wire) : level;
      });
    }
    const over = (event.target as Element).closest<HTMLElement>("[data-node]")?.dataset.node;
    // A picture that carries a graph opens; on a node that takes pictures it is one.
    const isTaken = over !== undefined && pictureField(store.getState().shown.nodes[over]?.type) !== undefined;
    const others = isTaken ? Promise.resolve(files) : openFiles(files);
    void others.then((left) => (left.length ? addPictures(store, left, at, over) : undefined));
  };
}

/** Pictures dropped on a node that takes uploads go to it; elsewhere such a node is made for them. */
async function addPictures(store: EditorStore, files: File[], at: Point, over: string | undefined): Promise<void> {
  const pictures = files.filter((file) => file.type.startsWith("image/"));
  if (!pictures.length) {
    toast.error("Only pictures can be dropped here.", {
      description: readPictures,
    });
    return;
  }
  const notice = toast.loading(`Sending ${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}`);
  try {
    const sent = await Promise.all(pictures.map(upload));
    const images = sent.map(({ ref, name }) => ({ ref, name }));
    store.getState().edit((document) => withPictures(document, images, at, over));
  } catch (error) {
    toast.error((error as Error).message);
  } finally {
    toast.dismiss(notice);
  }
}

function withPictures(
  document: GraphDocument,
  images: { ref: string; name: string }[],
  at: Point,
  over: string | undefined,
): GraphDocument {
  const takesPictures = over !== undefined && pictureField(document.nodes[over]?.type) !== undefined;
  const type = Object.keys(registry).find(pictureField) ?? "";
  const target = takesPictures ? { document, id: over } : addNode(document, type, at);
  const node = target.document.nodes[target.id];
  const field = pictureField(node?.type) ?? "";
  const before = (node?.params[field] ?? []) as typeof images;
  return setParam(target.document, target.id, field, [...before, ...images]);
}

/** The parameter of a node type that takes uploaded pictures. */
function pictureField(type: string | undefined): string | undefined {
  const definition = definitionOf(type);
  return definition && fieldsOf(definition).find((field) => field.widget === "images")?.name;
}
