import { UsersRound } from "lucide-react";
import { useEditor } from "../context";
import { clockText } from "../../_ui/times";

/** That other windows show this graph, too. */
export function OthersMark() {
  const others = useEditor((state) => state.others);
  if (!others.length) return null;
  const list = others.map(({ agent, since }) => `${agent}, since ${clockText(since)}`).join("\n");
  const text = others.length === 1 ? "Open in another window" : `Open in ${others.length} other windows`;
  return (
    <span
      className="flex shrink-0 items-center gap-1 rounded-full bg-accent-soft px-2 py-0.5 text-xs text-accent"
      title={`${text}:\n${list}\nWhat they change comes in here by itself.`}
      data-others={others.length}
    >
      <UsersRound className="size-3.5" aria-hidden />
      <span className="sr-only">{text}</span>
      <span aria-hidden>{others.length + 1}</span>
    </span>
  );
}
