import { afterAll, expect, it } from "vitest";
import { countsLine } from "./conformance/counts";
import { testConversations } from "./lmm/conversations";
import { hasPart } from "./lmm/set";

testConversations();

it("the set has its part", () => {
  if (!process.env.PATCHBAY_LMM) expect(hasPart("conversations")).toBe(true);
});

afterAll(() => console.log(`conversations: ${countsLine()}`));
