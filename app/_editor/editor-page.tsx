import { InBrowser } from "../_ui/in-browser";
import { Logo } from "../_ui/shell";
import { Editor, type EditorProps } from "./editor";

/** The editor of a graph or of what a run ran, which only a browser draws: it checks the graph, and knows its size. */
export function EditorPage(props: EditorProps) {
  return (
    <InBrowser until={<EmptyFrame hasPalette={!props.frozen} />}>
      <Editor {...props} />
    </InBrowser>
  );
}

/** The edges of the toolbar and of both panels, where a new browser has them, and the way to the other pages. */
function EmptyFrame({ hasPalette }: { hasPalette: boolean }) {
  return (
    <div className="flex h-screen flex-col overflow-hidden" aria-busy>
      <header className="flex h-13 shrink-0 items-center border-b border-line bg-surface px-3">
        <Logo />
      </header>
      <div className="flex min-h-0 flex-1 justify-between">
        <div className={hasPalette ? "w-56 border-r border-line bg-surface max-[1180px]:hidden" : undefined} />
        <div className="w-72 border-l border-line bg-surface max-sm:hidden" />
      </div>
    </div>
  );
}
