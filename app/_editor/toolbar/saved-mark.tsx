import { CloudAlert, CloudCheck, CloudUpload, HardDrive } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "../../_ui/button";
import { cx } from "../../_ui/cx";
import { useActions } from "../actions";
import { useEditor } from "../context";
import { clockText } from "../../_ui/times";
import type { EditorState } from "../store";

const ConflictWindow = lazy(async () => ({ default: (await import("../keeping/conflict-window")).ConflictWindow }));

type Facts = Pick<EditorState, "saved" | "savedAt" | "keptAt">;
interface Mark {
  text: string;
  /** What it means, for whoever asks. */
  more: string;
  icon: typeof CloudCheck;
  tone: string;
}

/** Where what is on the screen is kept, and since when. */
function markOf({ saved, savedAt, keptAt }: Facts): Mark {
  const kept = typeof keptAt === "number" ? `kept in this browser, ${clockText(keptAt)}` : undefined;
  const alone = kept ? `It is ${kept}, and offered when this graph is opened here again.` : lost;
  if (saved === "saved") {
    const text = savedAt === undefined ? "Saved" : `Saved ${clockText(savedAt)}`;
    return { text, more: "The server has everything.", icon: CloudCheck, tone: "text-ink-3" };
  }
  if (saved === "unsaved" || saved === "saving")
    return { text: "Saving", more: alone, icon: CloudUpload, tone: "text-ink-3" };
  if (keptAt === "failed")
    return { text: "Not kept: leave this page open", more: lost, icon: CloudAlert, tone: "text-bad" };
  if (saved === "failed") {
    const more = `The server does not answer; it is asked again every few seconds. ${alone}`;
    return { text: `Waiting for the server; ${kept ?? "not kept yet"}`, more, icon: CloudAlert, tone: "text-warn" };
  }
  if (saved === "refused")
    return { text: "In this browser only: the server refuses it", more: alone, icon: HardDrive, tone: "text-bad" };
  return { text: "Changed in another window, too", more: alone, icon: CloudAlert, tone: "text-bad" };
}

const lost = "This browser keeps nothing: what the server has not is gone with this page.";

/** Whether what is on the screen is stored; where another window changed the same, the question. */
export function SavedMark() {
  const saved = useEditor((state) => state.saved);
  const savedAt = useEditor((state) => state.savedAt);
  const keptAt = useEditor((state) => state.keptAt);
  const mark = markOf({ saved, savedAt, keptAt });
  // What is asked stands beside it as a button.
  const isAsked = useEditor((state) => state.question !== undefined);
  const isCalm = saved === "saved" || saved === "unsaved" || saved === "saving";
  return (
    <>
      <span
        className={`flex shrink-0 items-center gap-1 text-xs ${mark.tone}`}
        title={`${mark.text}. ${mark.more}`}
        data-saved={saved}
        data-kept={typeof keptAt === "number" ? "browser" : keptAt}
      >
        <mark.icon className="size-4" aria-hidden />
        <span
          className={cx("max-w-80 truncate", (isCalm || isAsked) && "hidden xl:inline", !isCalm && "max-xl:max-w-36")}
        >
          {mark.text}
        </span>
      </span>
      <Asked />
    </>
  );
}

/** The question that a conflict is, opened by itself and again by a button. */
function Asked() {
  const question = useEditor((state) => state.question);
  const mine = useEditor((state) => state.history.present);
  const { chooseMerge, saveCopy } = useActions();
  const [closed, setClosed] = useState<typeof question>();
  if (!question) return null;
  return (
    <>
      <Button size="s" look="primary" onClick={() => setClosed(undefined)}>
        Choose…
      </Button>
      <Button size="s" className="max-xl:!hidden" onClick={saveCopy}>
        Save as a copy
      </Button>
      {closed !== question && (
        <Suspense>
          <ConflictWindow
            base={question.base}
            mine={mine}
            theirs={question.theirs}
            names={{ mine: "this window", theirs: "the other window" }}
            onChoose={chooseMerge}
            onClose={() => setClosed(question)}
          />
        </Suspense>
      )}
    </>
  );
}
