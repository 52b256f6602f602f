import { LayoutGrid, Redo2, Undo2 } from "lucide-react";
import { IconButton } from "../../_ui/button";
import { useCommandContext } from "../command-context";
import { type Command, commands, keysText } from "../commands";
import { useEditor } from "../context";

export function EditButtons() {
  const canUndo = useEditor((state) => state.history.past.length > 0);
  const canRedo = useEditor((state) => state.history.future.length > 0);
  return (
    <>
      <CommandButton command={commands.undo} icon={Undo2} disabled={!canUndo} />
      <CommandButton command={commands.redo} icon={Redo2} disabled={!canRedo} />
      <CommandButton command={commands.tidy} icon={LayoutGrid} />
    </>
  );
}

interface CommandButtonProps {
  command: Command;
  icon: typeof Undo2;
  disabled?: boolean;
}

function CommandButton({ command, icon: Icon, disabled }: CommandButtonProps) {
  const context = useCommandContext();
  return (
    <IconButton
      label={command.title}
      title={`${command.title} (${keysText(command)})`}
      disabled={disabled}
      onClick={() => void command.run(context)}
    >
      <Icon className="size-4" aria-hidden />
    </IconButton>
  );
}
