"use client";

import { Maximize2, Ungroup } from "lucide-react";
import { compositeIdOf, compositeOf } from "#nodes/graph/composites";
import { countOf } from "../../_ui/amounts";
import { Button } from "../../_ui/button";
import { useCommandContext } from "../command-context";
import { commands } from "../commands";
import { useEditor } from "../context";
import { useKeysText } from "../keys";
import { LibraryButtons } from "./library-buttons";

/** What is done with an instance of a composite. It is the chosen node. */
export function InstanceSection({ id }: { id: string }) {
  const composite = useEditor(({ shown }) => compositeOf(shown, shown.nodes[id]));
  const type = useEditor(({ shown }) => shown.nodes[id]?.type ?? "");
  const frozen = useEditor((state) => state.frozen);
  const context = useCommandContext();
  const keysText = useKeysText();
  if (!composite) return null;
  const count = Object.keys(composite.nodes).length;
  const { openComposite, expandComposite } = commands;
  return (
    <section className="mb-3" data-instance>
      <p className="mb-2 text-xs text-ink-3">
        An instance of “{composite.title}”, a composite of {countOf(count, "node")}.
      </p>
      <div className="flex flex-wrap gap-1.5">
        <Button
          size="s"
          title={`${openComposite.title} (${keysText(openComposite)})`}
          onClick={() => void openComposite.run(context)}
        >
          <Maximize2 className="size-3.5" aria-hidden />
          Open
        </Button>
        {!frozen && (
          <Button
            size="s"
            title={`${expandComposite.title} (${keysText(expandComposite)})`}
            onClick={() => void expandComposite.run(context)}
          >
            <Ungroup className="size-3.5" aria-hidden />
            Expand
          </Button>
        )}
        {!frozen && <LibraryButtons composite={compositeIdOf(type) ?? ""} />}
      </div>
    </section>
  );
}
