import { LayoutGrid, Redo2, Search, Undo2 } from "lucide-react";
import { IconButton } from "../../_ui/button";
import { useCommandContext } from "../command-context";
import { commands, runCommand } from "../commands";
import { canRun, type Command } from "../commands/command";
import { useEditor } from "../context";
import { useKeysText } from "../keys";

export function EditButtons() {
  return (
    <>
      <CommandButton command={commands.undo} icon={Undo2} />
      <CommandButton command={commands.redo} icon={Redo2} />
      <CommandButton command={commands.tidy} icon={LayoutGrid} />
      <CommandButton command={commands.palette} icon={Search} />
    </>
  );
}

/** A command as a button of the toolbar. */
function CommandButton({ command, icon: Icon }: { command: Command; icon: typeof Undo2 }) {
  const context = useCommandContext();
  const isPossible = useEditor((state) => canRun(command, state));
  const keysText = useKeysText();
  return (
    <IconButton
      label={command.title}
      title={`${command.title} (${keysText(command)})`}
      disabled={!isPossible}
      onClick={() => runCommand(command, context)}
    >
      <Icon className="size-4" aria-hidden />
    </IconButton>
  );
}
