import { describe, expect, it } from "vitest";
import { commandEntries, commands } from "./commands";
import { keysText, pressedKeys } from "./keys";

type Press = Partial<Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">>;
const pressed = (press: Press, hasAltGr = false) =>
  pressedKeys({ getModifierState: () => hasAltGr, ...press } as unknown as KeyboardEvent);

describe("a key press", () => {
  it.each([
    [{ key: "z", code: "KeyZ", ctrlKey: true }, "Mod+Z"],
    [{ key: "Z", code: "KeyZ", metaKey: true, shiftKey: true }, "Mod+Shift+Z"],
    [{ key: "!", code: "Digit1", shiftKey: true }, "Shift+1"],
    [{ key: "?", code: "Slash", shiftKey: true }, "?"],
    [{ key: "?", code: "Minus", shiftKey: true }, "?"],
    [{ key: "+", code: "Equal", shiftKey: true }, "+"],
    [{ key: "µ", code: "KeyM", altKey: true }, "Alt+M"],
    [{ key: "ArrowLeft", code: "ArrowLeft", ctrlKey: true, shiftKey: true }, "Mod+Shift+ArrowLeft"],
    [{ key: "Delete", code: "Delete", ctrlKey: true }, "Mod+Delete"],
  ] satisfies [Press, string][])("%j is %s", (press, expected) => expect(pressed(press)).toBe(expected));

  it("of a third sign is that sign alone: AltGr comes as Ctrl with Alt", () => {
    const press = { key: "\\", code: "Minus", ctrlKey: true, altKey: true };
    expect(pressed(press, true)).toBe("\\");
  });
});

describe("keys for people", () => {
  it("are named as on their keyboards", () => {
    expect(keysText("Mod+Alt+Enter", false)).toBe("Ctrl+Alt+Enter");
    expect(keysText("Mod+Shift+ArrowLeft", true)).toBe("⌘⇧←");
    expect(keysText("+", false)).toBe("+");
  });
});

describe("the table of commands", () => {
  it("gives no keys to two commands", () => {
    const all = commandEntries.flatMap(([, { keys }]) => keys);
    expect(all.filter((keys, place) => all.indexOf(keys) !== place)).toEqual([]);
  });
  it("ends a run by keys that nobody presses by habit, and never by Escape", () => {
    expect(commands.stop.keys).toEqual(["Mod+Alt+Enter"]);
    const byEscape = commandEntries.filter(([, { keys }]) => keys.includes("Escape")).map(([id]) => id);
    expect(byEscape).toEqual(["deselect"]);
  });
  it("writes keys in one order, so that a press finds them", () => {
    const order = ["Mod", "Alt", "Shift"];
    for (const [, { keys }] of commandEntries) {
      for (const written of keys) {
        const modifiers = written.split(/\+(?=.)/).slice(0, -1);
        expect(modifiers).toEqual(order.filter((one) => modifiers.includes(one)));
      }
    }
  });
});
