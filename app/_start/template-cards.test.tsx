import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { plainText } from "../_ui/plain-text";
import { isOn, shelvesOf } from "./gallery-bar";
import { isFound, TemplateCards } from "./template-cards";
import type { TemplateEntry } from "./template-entry";

const entry: TemplateEntry = {
  key: "some",
  name: "Some template",
  description: "Gives something.",
  trains: false,
  group: "Contrastive",
  shelf: "shipped",
  tags: [],
  needs: [],
  source: { template: "some" },
  picture: null,
};

function cardOf(measured: TemplateEntry["measured"], more: Partial<TemplateEntry> = {}): string {
  const templates = [{ ...entry, measured, ...more }];
  return renderToStaticMarkup(<TemplateCards templates={templates} disabled={false} onPick={() => {}} />);
}

it("says what a run took, and at most how long where the machine did other work besides", () => {
  const taken = { seconds: 90, memory: 2 ** 28, cores: 2 };
  const [alone, shared] = [cardOf({ ...taken, load: 0.4 }), cardOf({ ...taken, load: 12.5 })];
  expect(alone).toContain("As measured on 2 cores");
  expect(alone).not.toContain("at most");
  expect(shared).toContain("As measured on 2 cores that did other work besides");
  expect(shared).toMatch(/at most 1 min 30 s/);
  expect(cardOf({ seconds: 3 })).toContain("As its last run took");
  expect(cardOf(undefined)).not.toContain("As measured");
});

it("says what a run took here where one was made here, with the memory that was measured", () => {
  const measured = { seconds: 250, memory: 2 ** 28, cores: 2, load: 0.4 };
  expect(cardOf(measured)).toContain("4 min 10 s on 2 cores");
  const here = cardOf(measured, { secondsHere: 185 });
  expect(here).toContain("3 min 5 s here");
  expect(here).toContain("256.0 MiB");
  expect(here).not.toContain("4 min");
});

it("says whose it is and its licence, and offers tags of what ships", () => {
  const card = cardOf(undefined, { by: "Patchbay", licence: "MIT", tags: ["zero-shot"], needs: ["a download of x"] });
  for (const text of ["Patchbay", "MIT", "needs a download of x", 'data-gallery-bar="true"'])
    expect(card).toContain(text);
  expect(card).toMatch(/<button[^>]*aria-pressed="false"[^>]*>zero-shot</);
});

it("finds a template by its tag, its licence and what it needs", () => {
  const one = { ...entry, tags: ["LoRA"], licence: "MIT", needs: ["a download of smollm2"] };
  expect(["lora", "mit some", "smollm2"].map((search) => isFound(one, search))).toEqual([true, true, true]);
  expect(isFound(one, "retrieval")).toBe(false);
});

it("says in plain words what was written as Markdown", () => {
  const text = "# Small\n\nEmbeds **drawings** with [CLIP](https://example.org):\n\n- takes `data.image`\n- 2 * 3 rows";
  expect(plainText(text)).toBe("Small Embeds drawings with CLIP: takes data.image 2 3 rows");
});

it("has shelves by who shows a template to whom, and puts what is used most first", () => {
  const team: TemplateEntry = { ...entry, key: "team", shelf: "team", isOfMyTeam: true, uses: 2 };
  const ours: TemplateEntry = { ...entry, key: "ours", shelf: "everyone", isOfMyTeam: true, uses: 7 };
  const theirs: TemplateEntry = { ...entry, key: "theirs", shelf: "everyone", uses: 5 };
  const all = [entry, team, ours, theirs];
  const on = (shelf: Parameters<typeof isOn>[1]) => all.filter((each) => isOn(each, shelf)).map(({ key }) => key);
  expect(on("all")).toEqual(["some", "team", "ours", "theirs"]);
  expect(on("team")).toEqual(["team", "ours"]);
  expect(on("everyone")).toEqual(["ours", "theirs"]);
  const kinds = [
    { ...entry, key: "far", needs: ["a folder of yours"] },
    { ...entry, key: "trains", trains: true },
    entry,
  ];
  expect(shelvesOf(kinds, "kind")[0]?.templates.map(({ key }) => key)).toEqual(["some", "trains", "far"]);
  expect(shelvesOf(all, "uses")[0]?.templates.map(({ key }) => key)).toEqual(["ours", "theirs", "team", "some"]);
});
