import { afterAll, expect, it } from "vitest";
import { countsLine } from "./conformance/counts";
import { testOnevision } from "./lmm/onevision";
import { testOnevisionNodes } from "./lmm/onevision-nodes";
import { hasPart } from "./lmm/set";

testOnevision();
testOnevisionNodes();

it("the set has its part", () => {
  if (!process.env.PATCHBAY_LMM) expect(hasPart("onevision-official")).toBe(true);
});

afterAll(() => console.log(`large multimodal models: ${countsLine()}`));
