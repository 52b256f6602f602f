/** Key presses as the table of commands writes them, and keys as people read them. */
import { useCallback, useSyncExternalStore } from "react";
import { commands } from "./commands";
import type { Command } from "./commands/command";

/** The command that a key press stands for. Keys that type into a field stay there. */
export function commandFor(event: KeyboardEvent): Command | undefined {
  const pressed = pressedKeys(event);
  const found = Object.values<Command>(commands).find(({ keys }) => keys.includes(pressed));
  if (!found) return undefined;
  const target = event.target as HTMLElement;
  const isInDialog = target.closest("[role=dialog], [role=alertdialog], [role=menu]") !== null;
  const isTyping = target.closest("input, textarea, select, [contenteditable=true]") !== null;
  const isForButton = found.yieldsToButtons && target.closest("button, a, summary") !== null;
  const staysThere = isForButton || ((isInDialog || isTyping) && !found.whileTyping);
  return staysThere ? undefined : found;
}

/** A key press in the table's words: "Mod+Shift+Z", "?", "Shift+1". */
export function pressedKeys(event: KeyboardEvent): string {
  // AltGr writes the third sign of a key, and comes as Ctrl with Alt.
  const isThirdSign = event.getModifierState?.("AltGraph") ?? false;
  const isMod = (event.metaKey || event.ctrlKey) && !isThirdSign;
  const isAlt = event.altKey && !isThirdSign;
  const name = keyName(event, isAlt);
  // What sign lies above a key differs from keyboard to keyboard: the sign itself says enough.
  const isSign = name.length === 1 && !/[A-Z0-9]/.test(name);
  return [isMod && "Mod", isAlt && "Alt", event.shiftKey && !isSign && "Shift", name].filter(Boolean).join("+");
}

/** With Alt a Mac writes other signs than those on the keys, and with Shift digits become signs. */
function keyName({ key, code, shiftKey }: KeyboardEvent, isAlt: boolean): string {
  const letter = /^Key([A-Z])$/.exec(code ?? "")?.[1];
  const digit = /^Digit(\d)$/.exec(code ?? "")?.[1];
  if (isAlt && letter) return letter;
  if (shiftKey && digit && key !== "?" && key !== "+" && key !== "\\") return digit;
  return key.length === 1 ? key.toUpperCase() : key;
}

const macSigns: Readonly<Record<string, string>> = { Mod: "⌘", Alt: "⌥", Shift: "⇧" };
const otherSigns: Readonly<Record<string, string>> = { Mod: "Ctrl" };
const signs: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Enter: "Enter",
};

/** Keys as they are written for people: "Ctrl+Enter", on a Mac "⌘Enter". */
export function keysText(keys: string, isMac: boolean): string {
  // "+" is a key, too.
  const parts = keys.split(/\+(?=.)/);
  const named = parts.map((part) => (isMac ? macSigns : otherSigns)[part] ?? signs[part] ?? part);
  return named.join(isMac ? "" : "+");
}

const never = () => () => {};
const isOnMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);

/** Writes a command's first keys; nothing for one without keys. The server cannot know the keyboard. */
export function useKeysText(): (command: Command) => string {
  const isMac = useSyncExternalStore(never, isOnMac, () => false);
  return useCallback(({ keys }) => (keys[0] === undefined ? "" : keysText(keys[0], isMac)), [isMac]);
}
