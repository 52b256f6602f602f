import { CircleFadingArrowUp } from "lucide-react";
import { useState } from "react";
import { publish, publishedName, publishWith, unpublishTarget } from "#nodes/graph/composite-edits";
import { compositeNamed } from "#nodes/graph/composites";
import type { Composite, GraphDocument } from "#nodes/graph/document";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { IconButton } from "../../_ui/button";
import { Popup } from "../../_ui/popup";
import { useEditor, useEditorStore } from "../context";
import { type Field, fieldsOf } from "../widgets/describe";

interface PublishProps {
  node: string;
  field: Field;
}

/** Inside of a composite: makes a parameter one of its instances, or takes it back. */
export function PublishButton({ node, field }: PublishProps) {
  const store = useEditorStore();
  const composite = useEditor((state) => state.composite);
  const frozen = useEditor((state) => state.frozen);
  const inside = useEditor((state) => compositeNamed(state.history.present, composite ?? ""));
  const [isOpen, setIsOpen] = useState(false);
  if (composite === undefined || !inside || frozen) return null;
  const name = publishedName(inside, node, field.name);
  const edit = store.getState().editWhole;
  if (name !== undefined)
    return (
      <IconButton
        label={`Publish ${field.label} no more`}
        title="Published: each instance has its own value"
        aria-pressed
        className="!size-5 !text-accent"
        onClick={() => edit((document) => unpublishTarget(document, composite, { node, param: field.name }))}
      >
        <CircleFadingArrowUp className="size-3.5" aria-hidden />
      </IconButton>
    );
  const alike = fittingNames(store.getState().shown, inside, field);
  const own = () => edit((document) => publish(document, composite, node, field.name));
  const button = (onClick?: () => void) => (
    <IconButton
      label={`Publish ${field.label}`}
      title="Publish: each instance gets its own value"
      className="!size-5"
      onClick={onClick}
    >
      <CircleFadingArrowUp className="size-3.5" aria-hidden />
    </IconButton>
  );
  if (!alike.length) return button(own);
  function choose(change: () => void): () => void {
    return () => {
      setIsOpen(false);
      change();
    };
  }
  return (
    <Popup
      label={`Publish ${field.label}`}
      className="w-60 p-1"
      open={isOpen}
      onOpenChange={setIsOpen}
      trigger={button()}
    >
      <Choice text="As a parameter of its own" onClick={choose(own)} />
      {alike.map((other) => (
        <Choice
          key={other}
          text={`Together with “${inside.params[other]?.label ?? other}”`}
          onClick={choose(() =>
            edit((document) => publishWith(document, composite, other, { node, param: field.name })),
          )}
        />
      ))}
    </Popup>
  );
}

function Choice({ text, onClick }: { text: string; onClick(): void }) {
  return (
    <button type="button" className="block w-full rounded-md px-2 py-1.5 text-left hover:bg-sunken" onClick={onClick}>
      {text}
    </button>
  );
}

/** The published parameters that take the same kind of value: one may set several inside. */
function fittingNames(shown: GraphDocument, { params }: Composite, field: Field): string[] {
  return Object.keys(params).filter((name) => {
    const [target] = params[name]?.to ?? [];
    const definition = target && definitionOf(shown, target.node, registry);
    const other = definition && fieldsOf(definition).find((each) => each.name === target.param);
    return other?.widget === field.widget && other.options.join() === field.options.join();
  });
}
