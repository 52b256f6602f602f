"use client";

import type { GraphDocument } from "#nodes/graph/document";
import { countOf } from "../_ui/amounts";
import { Button } from "../_ui/button";
import { Window } from "../_ui/window";

interface OpenQuestionProps {
  found: { document: GraphDocument; name: string };
  onNew(document: GraphDocument): void;
  onInsert(document: GraphDocument): void;
  onClose(): void;
}

/** While a graph is open, another can become a new one or a part of it. */
export function OpenQuestion({ found: { document, name }, onNew, onInsert, onClose }: OpenQuestionProps) {
  const then = (act: (document: GraphDocument) => void) => () => {
    onClose();
    act(document);
  };
  const footer = (
    <>
      <Button className="ml-auto" onClick={then(onInsert)}>
        Put it into this graph
      </Button>
      <Button look="primary" onClick={then(onNew)}>
        Open as a new graph
      </Button>
    </>
  );
  return (
    <Window title={`“${document.name || name}”`} width={460} footer={footer} onClose={onClose}>
      <p className="text-ink-2" data-open-question>
        {name} carries a graph of {countOf(Object.keys(document.nodes).length, "node")}.
      </p>
    </Window>
  );
}
