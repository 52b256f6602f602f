"use client";

import { createContext, type ReactNode, useCallback, useContext } from "react";
import * as z from "zod";
import { useStore } from "zustand";
import type { Checked } from "#nodes/graph/check";
import { type NodeDefinition, withPorts } from "#nodes/core/node";
import { registry } from "#nodes/registry.gen";
import { separator } from "#nodes/graph/composites";
import type { CheckedNode } from "./checked-instance";
import type { NodeRun } from "./run-state";
import type { EditorState, EditorStore } from "./store";
import type { ViewState, ViewStore } from "./view";

const Context = createContext<EditorStore | undefined>(undefined);
const ViewContext = createContext<ViewStore | undefined>(undefined);

interface EditorProviderProps {
  store: EditorStore;
  view: ViewStore;
  children: ReactNode;
}

/** Gives the stores to what lies below. */
export function EditorProvider({ store, view, children }: EditorProviderProps) {
  return (
    <Context.Provider value={store}>
      <ViewContext.Provider value={view}>{children}</ViewContext.Provider>
    </Context.Provider>
  );
}

export function useViewStore(): ViewStore {
  const view = useContext(ViewContext);
  if (!view) throw new Error("used outside of the editor");
  return view;
}

/** A part of what the window shows beside the graph. */
export function useView<T>(select: (state: ViewState) => T): T {
  return useStore(useViewStore(), select);
}

export function useEditorStore(): EditorStore {
  const store = useContext(Context);
  if (!store) throw new Error("used outside of the editor");
  return store;
}

/** The graph that is edited; none where a parameter's widget is shown elsewhere, such as in an app. */
export function useGraphId(): string | undefined {
  return useContext(Context)?.getState().graphId;
}

/** A part of the editor's state; the component is drawn again when that part changes. */
export function useEditor<T>(select: (state: EditorState) => T): T {
  return useStore(useEditorStore(), select);
}

/** What the compiler says of the document as it is now: of all of it. */
export function useChecked(): Checked {
  return useEditor((state) => state.checked);
}

/** What the compiler says of one node that is seen. Nothing for a node that is not there. */
export function useCheckedNode(id: string): CheckedNode | undefined {
  return useEditor((state) => state.checked.nodes.get(wayTo(state, id)));
}

/** How a node that is seen stands in the run that is shown. */
export function useNodeRun(id: string): NodeRun | undefined {
  return useEditor((state) => runAt(state, id));
}

export const runAt = (state: EditorState, id: string): NodeRun | undefined => state.run.nodes[wayTo(state, id)];

/** The id of a node that is seen, as the compiler and runs know it: "tower/encoder". */
export const wayTo = ({ path }: Pick<EditorState, "path">, id: string): string => [...path, id].join(separator);

/** Looks up the definition of a node that is seen, with the ports that its params ask for. */
export function useDefinitions(): (id: string) => NodeDefinition | undefined {
  const store = useEditorStore();
  const checked = useChecked();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another check may give other definitions
  return useCallback((id) => definitionAt(store.getState(), id), [store, checked]);
}

/**
 * The definition of a node that is seen. Of one whose params are wrong, the definition with the ports of the
 * defaults.
 */
export function definitionAt(state: EditorState, id: string): NodeDefinition | undefined {
  const { checked, shown } = state;
  return checked.nodes.get(wayTo(state, id))?.definition ?? definitionOf(shown.nodes[id]?.type);
}

const declared = new Map(Object.values<NodeDefinition>(registry).map((definition) => [definition.type, definition]));
const fresh = new Map<string, NodeDefinition>();

/** A node type as fresh nodes have it: ports that follow from parameters are those of the defaults. */
export function definitionOf(type = ""): NodeDefinition | undefined {
  const definition = declared.get(type);
  if (!definition?.ports) return definition;
  const known = fresh.get(type) ?? withPorts(definition, z.object(definition.params as z.ZodRawShape).parse({}));
  fresh.set(type, known);
  return known;
}

/** All node types as fresh nodes have them. */
export const definitions = (): NodeDefinition[] => [...declared.keys()].flatMap((type) => definitionOf(type) ?? []);
