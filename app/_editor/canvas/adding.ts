import { useReactFlow } from "@xyflow/react";
import { type DragEvent, useCallback } from "react";
import { toast } from "sonner";
import type { GraphDocument, Wire } from "#nodes/graph/document";
import { addNode, connect, setParam } from "#nodes/graph/edits";
import { compositeType } from "#nodes/graph/composites";
import { type LibraryEntry, withEntry } from "#nodes/graph/library";
import { registry } from "#nodes/registry.gen";
import { entryIdOf, useReadEntry } from "../composites/use-library";
import { definitionOf, useEditorStore } from "../context";
import { dragType } from "../drag-type";
import type { EditorStore } from "../store";
import { upload } from "../upload";
import { fieldsOf } from "../widgets/describe";

interface Point {
  x: number;
  y: number;
}
/** A dropped node's title lies under the pointer. */
const grip: Point = { x: 120, y: 16 };

/**
 * Puts a node of a type at a place of the graph and chooses it; `wireTo` may say what it is wired to, as one step of
 * the history.
 */
export function usePlacing(): (type: string, at: Point, wireTo?: (id: string) => Wire | undefined) => void {
  const store = useEditorStore();
  const readEntry = useReadEntry();
  return useCallback(
    (type, at, wireTo) => {
      const saved = entryIdOf(type);
      if (saved === undefined) put(store, at, (document) => ({ document, type }), wireTo);
      else void readEntry(saved).then((entry) => entry && put(store, at, (document) => copied(document, entry)));
    },
    [store, readEntry],
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
  wireTo?: (id: string) => Wire | undefined,
): void {
  let id = "";
  store.getState().edit((document) => {
    const ready = prepared(document);
    const added = addNode(ready.document, ready.type, at);
    const wire = wireTo?.(added.id);
    id = added.id;
    return wire ? connect(added.document, wire) : added.document;
  });
  store.getState().select([id]);
}

/** What is dropped on the canvas: a node type of the palette, or pictures. */
export function useDrop(): (event: DragEvent) => void {
  const store = useEditorStore();
  const place = usePlacing();
  const { screenToFlowPosition } = useReactFlow();
  return (event) => {
    if (store.getState().frozen) return;
    const at = screenToFlowPosition({ x: event.clientX - grip.x, y: event.clientY - grip.y });
    const files = [...event.dataTransfer.files];
    const type = event.dataTransfer.getData(dragType);
    if (!files.length && !type) return;
    event.preventDefault();
    if (!files.length) return place(type, at);
    const over = (event.target as Element).closest<HTMLElement>("[data-node]")?.dataset.node;
    void addPictures(store, files, at, over);
  };
}

/** Pictures dropped on a node that takes uploads go to it; elsewhere such a node is made for them. */
async function addPictures(store: EditorStore, files: File[], at: Point, over: string | undefined): Promise<void> {
  const pictures = files.filter((file) => file.type.startsWith("image/"));
  if (!pictures.length) {
    toast.error("Only pictures can be dropped here.", {
      description: "PNG, JPEG, WebP, GIF, AVIF, TIFF and SVG are read.",
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
