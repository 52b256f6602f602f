"use client";

import { createContext, type ReactNode, useCallback, useContext, useMemo } from "react";
import * as z from "zod";
import { useStore } from "zustand";
import { check, type Checked } from "#nodes/graph/check";
import { type NodeDefinition, withPorts } from "#nodes/core/node";
import { registry } from "#nodes/registry.gen";
import type { EditorState, EditorStore } from "./store";

const Context = createContext<{ store: EditorStore; checked: Checked } | undefined>(undefined);

/** The store, and what the compiler says of the document as it is now. */
export function EditorProvider({ store, children }: { store: EditorStore; children: ReactNode }) {
  const nodes = useStore(store, (s) => s.history.present.nodes);
  const wires = useStore(store, (s) => s.history.present.wires);
  // Moving a node changes nothing that the check reads.
  const meaning = JSON.stringify([Object.entries(nodes).map(([id, n]) => [id, n.type, n.version, n.params]), wires]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `meaning` stands for the document
  const checked = useMemo(() => check(store.getState().history.present), [meaning, store]);
  return <Context.Provider value={useMemo(() => ({ store, checked }), [store, checked])}>{children}</Context.Provider>;
}

function useEditorContext() {
  const value = useContext(Context);
  if (!value) throw new Error("used outside of the editor");
  return value;
}
export const useEditor = <T,>(select: (state: EditorState) => T): T => useStore(useEditorContext().store, select);
export const useEditorStore = (): EditorStore => useEditorContext().store;
export const useChecked = (): Checked => useEditorContext().checked;
/** Looks up the definition of a node of the document, with the ports that its params ask for. */
export function useDefinitions(): (id: string) => NodeDefinition | undefined {
  const { store, checked } = useEditorContext();
  return useCallback(
    (id) => checked.graph.nodes.get(id)?.definition ?? definitionOf(store.getState().history.present.nodes[id]?.type),
    [store, checked],
  );
}
/** All node types as fresh nodes have them: ports that follow from parameters are those of the defaults. */
export const definitions: readonly NodeDefinition[] = Object.values<NodeDefinition>(registry).map((d) =>
  d.ports ? withPorts(d, z.object(d.params as z.ZodRawShape).parse({})) : d,
);
const byType = new Map(definitions.map((d) => [d.type, d]));
export const definitionOf = (type: string | undefined): NodeDefinition | undefined => byType.get(type ?? "");
