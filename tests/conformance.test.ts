import { afterAll } from "vitest";
import { countsLine } from "./conformance/counts";
import { testModels } from "./conformance/models";
import { writeReport } from "./conformance/report";

testModels();

afterAll(() => {
  console.log(`conformance: ${countsLine()}`);
  const path = process.env.PATCHBAY_ARCHITECTURES;
  if (path) writeReport(path);
});
