import { afterAll, expect, it } from "vitest";
import { countsLine } from "./conformance/counts";
import { testDatasets } from "./lmm/datasets";
import { hasPart } from "./lmm/set";

testDatasets();

it("the set has its part", () => {
  if (!process.env.PATCHBAY_LMM) expect(hasPart("datasets")).toBe(true);
});

afterAll(() => console.log(`data sets: ${countsLine()}`));
