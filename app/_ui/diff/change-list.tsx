import type { Change } from "#nodes/graph/changes";
import type { GraphDocument } from "#nodes/graph/document";
import { cx } from "../cx";
import { byOwner, fieldText, nodeTitle, ownerText, type Place, placeOf, typeTitle, valueText } from "./told";

interface ChangeListProps {
  changes: readonly Change[];
  documents: { before: GraphDocument; after: GraphDocument };
  names: { before: string; after: string };
  chosen?: string;
  onChoose?(place: Place): void;
}

const signs = {
  added: { sign: "+", tone: "text-good", text: "added" },
  removed: { sign: "−", tone: "text-bad", text: "removed" },
  changed: { sign: "~", tone: "text-warn", text: "changed" },
};

/** What changed, node by node, with both values of each parameter side by side. */
export function ChangeList({ changes, documents, names, onChoose }: ChangeListProps) {
  const both = [documents.after, documents.before];
  return (
    <ul className="text-xs" data-changes={changes.length}>
      {byOwner(changes).map(({ key, place, changes: own }) => (
        <li key={key} className="border-b border-line py-2 last:border-0">
          <Owner place={place} changes={own} documents={both} onChoose={onChoose} />
          <Values changes={own} documents={both} names={names} />
        </li>
      ))}
    </ul>
  );
}

interface OwnerProps {
  place: Place;
  changes: readonly Change[];
  documents: readonly GraphDocument[];
  onChoose?(place: Place): void;
}

function Owner({ place, changes, documents, onChoose }: OwnerProps) {
  const [first] = changes;
  const isWhole = first && placeOf(first.path).field === undefined;
  const { sign, tone, text } = signs[isWhole ? first.kind : "changed"];
  const inside = place.composite && ` in ${typeTitle(documents[0] as GraphDocument, `composite:${place.composite}`)}`;
  const id = place.table === "nodes" && nodeTitle(documents, place.composite, place.id ?? "") !== place.id && place.id;
  return (
    <button
      type="button"
      disabled={!onChoose}
      onClick={() => onChoose?.(place)}
      className="flex w-full items-baseline gap-2 rounded text-left enabled:hover:bg-sunken"
    >
      <span className={cx("w-3 shrink-0 text-center font-mono", tone)} aria-hidden>
        {sign}
      </span>
      <span className="min-w-0 font-medium wrap-anywhere">
        {ownerText(place, documents)}
        {inside && <span className="font-normal text-ink-3">{inside}</span>}
        {id && <span className="ml-1.5 font-mono text-2xs font-normal text-ink-3">{id}</span>}
      </span>
      <span className={cx("ml-auto shrink-0 text-2xs", tone)}>{text}</span>
    </button>
  );
}

function Values({
  changes,
  documents,
  names,
}: { changes: readonly Change[] } & Pick<OwnerProps, "documents"> & Pick<ChangeListProps, "names">) {
  const rows = changes.filter(({ path, before, after }) => {
    const { id, field } = placeOf(path);
    return (
      field !== undefined ||
      id === undefined ||
      [before, after].some((value) => typeof value !== "object" && value !== undefined)
    );
  });
  if (!rows.length) return null;
  return (
    <table className="mt-1 ml-5 w-[calc(100%-1.25rem)] table-fixed text-2xs">
      <thead className="text-ink-3">
        <tr>
          <th className="w-[30%] py-0.5 text-left font-normal" aria-label="What" />
          <th className="px-1.5 text-left font-normal">{names.before}</th>
          <th className="px-1.5 text-left font-normal">{names.after}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((change) => {
          const place = placeOf(change.path);
          return (
            <tr key={change.path.join(" ")} className="align-top">
              <td className="py-0.5 pr-1.5 wrap-anywhere text-ink-2">{fieldText(place, documents)}</td>
              <td className="rounded-l bg-bad-soft px-1.5 py-0.5 font-mono wrap-anywhere">
                {valueText(change.before, place, documents)}
              </td>
              <td className="rounded-r bg-good-soft px-1.5 py-0.5 font-mono wrap-anywhere">
                {valueText(change.after, place, documents)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
