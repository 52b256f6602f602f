/** Whole training steps of the systems' templates against fixtures: values between, losses, gradients, and after. */
import { readdirSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { counts, differences, differencesAfter, touched, uncompared } from "./systems/harness/compare";
import { fixtureFolders, openFixture } from "./systems/harness/fixtures";
import { takeSteps } from "./systems/harness/step";
import type { System } from "./systems/system";

const maps = readdirSync("tests/systems")
  .filter((name) => name.endsWith(".ts") && name !== "system.ts")
  .map((name) => name.slice(0, -".ts".length));
const loaded = await Promise.all(
  maps.map(async (name) => Object.values((await import(`./systems/${name}.ts`)) as Record<string, System>)),
);
const systems = loaded.flat();

const fixtures = fixtureFolders();

describe.each(fixtures)("$description.fixture", (found) => {
  const { description } = found;
  const described = systems.filter(({ system }) => system === description.system);
  const [system] = described;
  if (!system) {
    it("has a description", () => expect(systems.map((known) => known.system)).toContain(description.system));
    return;
  }
  it("has no value that is compared with nothing", () => {
    const left = uncompared(described, description);
    expect(left).toEqual([]);
  });
  it.each(described)("is a step of the template $template", async (system) => {
    const fixture = openFixture(found);
    const steps = await takeSteps(system, fixture, description.optimizer ?? undefined);
    const wrong = steps.flatMap((step, i) => differences(system, fixture, step, i + 1));
    expect([...wrong, ...touched(system, fixture, steps)]).toEqual([]);
  });
  it.each(description.also)("has the step of $kind", async (optimizer) => {
    const fixture = openFixture(found);
    const [step] = await takeSteps(system, fixture, optimizer);
    expect(step && differencesAfter(system, fixture, step, `after-${optimizer.kind}`)).toEqual([]);
  });
});

afterAll(() => {
  const { steps, tensors, values } = counts;
  console.log(`systems: ${fixtures.length} fixtures, ${steps} steps, ${tensors} tensors, ${values} values compared`);
});
