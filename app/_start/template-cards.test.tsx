import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { plainText } from "../_ui/plain-text";
import { isOn, shelvesOf } from "./gallery-bar";
import { TemplateCards } from "./template-cards";
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

function cardOf(measured: TemplateEntry["measured"]): string {
  const templates = [{ ...entry, measured }];
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
