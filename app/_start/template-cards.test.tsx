import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { TemplateCards } from "./template-cards";
import type { TemplateEntry } from "./template-entry";

function cardOf(measured: TemplateEntry["measured"]): string {
  const template: TemplateEntry = {
    key: "some",
    name: "Some template",
    description: "Gives something.",
    trains: false,
    group: "Contrastive",
    shelf: "shipped",
    tags: [],
    needs: [],
    measured,
    source: { template: "some" },
    picture: null,
  };
  return renderToStaticMarkup(<TemplateCards templates={[template]} disabled={false} onPick={() => {}} />);
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
