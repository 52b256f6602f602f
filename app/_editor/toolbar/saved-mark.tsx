import { CloudAlert, CloudCheck, CloudUpload } from "lucide-react";
import { Button } from "../../_ui/button";
import { useActions } from "../actions";
import { useEditor } from "../context";
import type { Saved } from "../store";

const marks: { [S in Saved]: { text: string; icon: typeof CloudCheck; tone: string } } = {
  saved: { text: "Saved", icon: CloudCheck, tone: "text-ink-3" },
  unsaved: { text: "Saving", icon: CloudUpload, tone: "text-ink-3" },
  saving: { text: "Saving", icon: CloudUpload, tone: "text-ink-3" },
  failed: { text: "Not saved yet: the server does not answer. Trying again", icon: CloudAlert, tone: "text-warn" },
  refused: { text: "Not saved: the server does not take this graph", icon: CloudAlert, tone: "text-bad" },
  conflict: { text: "Changed in another window", icon: CloudAlert, tone: "text-bad" },
};

/** Whether what is on the screen is stored; after a change in another window, the two ways on. */
export function SavedMark() {
  const saved = useEditor((state) => state.saved);
  const mark = marks[saved];
  return (
    <>
      <span className={`flex shrink-0 items-center gap-1 text-xs ${mark.tone}`} title={mark.text} data-saved={saved}>
        <mark.icon className="size-4" aria-hidden />
        <span className="hidden max-w-72 truncate xl:inline">{mark.text}</span>
      </span>
      {saved === "conflict" && <WaysOn />}
    </>
  );
}

function WaysOn() {
  const { saveCopy } = useActions();
  return (
    <>
      <Button size="s" onClick={() => location.reload()}>
        Reload
      </Button>
      <Button size="s" onClick={saveCopy}>
        Save as a copy
      </Button>
    </>
  );
}
