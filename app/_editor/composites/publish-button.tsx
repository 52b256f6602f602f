import { CircleFadingArrowUp } from "lucide-react";
import { publish, publishedName, unpublish } from "#nodes/graph/composite-edits";
import { compositeNamed } from "#nodes/graph/composites";
import { IconButton } from "../../_ui/button";
import { useEditor, useEditorStore } from "../context";
import type { Field } from "../widgets/describe";

/** Inside of a composite: makes a parameter one of its instances, or takes it back. */
export function PublishButton({ node, field }: { node: string; field: Field }) {
  const store = useEditorStore();
  const composite = useEditor((state) => state.composite);
  const frozen = useEditor((state) => state.frozen);
  const name = useEditor((state) => {
    const inside = composite === undefined ? undefined : compositeNamed(state.history.present, composite);
    return inside && publishedName(inside, node, field.name);
  });
  if (composite === undefined || frozen) return null;
  const isPublished = name !== undefined;
  return (
    <IconButton
      label={isPublished ? `Publish ${field.label} no more` : `Publish ${field.label}`}
      title={isPublished ? "Published: each instance has its own value" : "Publish: each instance gets its own value"}
      aria-pressed={isPublished}
      className={isPublished ? "!size-5 !text-accent" : "!size-5"}
      onClick={() =>
        store
          .getState()
          .editWhole((document) =>
            isPublished ? unpublish(document, composite, name) : publish(document, composite, node, field.name),
          )
      }
    >
      <CircleFadingArrowUp className="size-3.5" aria-hidden />
    </IconButton>
  );
}
