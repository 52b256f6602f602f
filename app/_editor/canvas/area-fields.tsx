/** What can be said of a frame or a note, on the canvas and beside it: its colour and its text. */
import { type Colour, colours } from "#nodes/graph/document";
import { cx } from "../../_ui/cx";
import { hueOf } from "./hues";

export function Colours({ now, onChoose }: { now: Colour; onChoose(colour: Colour): void }) {
  return (
    <fieldset className="nodrag flex gap-1 pb-1" aria-label="Colour">
      {colours.map((colour) => (
        <button
          key={colour}
          type="button"
          aria-label={colour}
          aria-pressed={colour === now}
          onClick={() => onChoose(colour)}
          className={cx("size-3.5 rounded-full", colour === now && "ring-2 ring-accent ring-offset-1")}
          style={{ background: hueOf(colour) }}
        />
      ))}
    </fieldset>
  );
}
