import { expect, it } from "vitest";
import type { Session } from "../sessions";
import { Decoder } from "./decoder";

/** A session that notes how many tokens each row of a call has, and gives nothing that is kept. */
function noting(calls: number[][]): Session {
  return {
    async run({ tokens }) {
      const [rows = 0, length = 0] = tokens?.shape ?? [];
      calls.push([rows, length]);
      return { scores: { dtype: "float32", shape: [rows, 1, 4], data: new Float32Array(rows * 4) } };
    },
    release: async () => {},
  };
}

it("reads long prompts by the session for many tokens, whatever is read beside; writes by the other", async () => {
  const [few, many]: [number[][], number[][]] = [[], []];
  let opened = 0;
  const model = {
    session: noting(few),
    async sessionForMany() {
      opened++;
      return noting(many);
    },
    tokens: "tokens",
    scores: "scores",
    vocabulary: 4,
    kept: [],
    made: {},
    bounds: [],
  };
  const decoder = new Decoder(model, new AbortController().signal);
  const prompt = (length: number) => Array.from({ length }, (_, i) => i % 4);
  await decoder.start([prompt(5), prompt(6)]);
  await decoder.next([1, 2]);
  expect([few, opened]).toEqual([
    [
      [2, 6],
      [2, 1],
    ],
    0,
  ]);
  few.length = 0;
  await decoder.start([prompt(140), prompt(133), prompt(90), prompt(520)]);
  expect(many).toEqual([
    [2, 140],
    [1, 512],
  ]);
  expect(few).toEqual([
    [1, 90],
    [1, 8],
  ]);
});
