import { expect, it } from "vitest";
import { random } from "./random";

it("fills arrays with the very draws of single calls", () => {
  for (const kind of ["uniform", "normal"] as const) {
    const data = new Float32Array(1001);
    const one = random("fill", 7);
    random("fill", 7).fill(data, kind);
    expect([...data]).toEqual(Array.from(Float32Array.from({ length: 1001 }, () => one[kind]())));
  }
});
it("depends on its keys alone", () => {
  const first = random(1, "a").uniform();
  random(1, "b").uniform();
  expect(random(1, "a").uniform()).toBe(first);
  expect(random(1, "ab").uniform()).not.toBe(random(1, "a", "b").uniform());
});
it("draws normals: moments, tails and what follows on what", () => {
  const n = 1_000_000;
  const data = new Float32Array(n);
  random("moments").fill(data, "normal");
  const mean = (f: (x: number, i: number) => number) => data.reduce((sum, x, i) => sum + f(x, i), 0) / n;
  // Five standard errors of each.
  expect(Math.abs(mean((x) => x))).toBeLessThan(0.005);
  expect(Math.abs(mean((x) => x * x) - 1)).toBeLessThan(0.0071);
  expect(Math.abs(mean((x) => x ** 4) - 3)).toBeLessThan(0.049);
  expect(Math.abs(mean((x, i) => x * (data[(i + 1) % n] as number)))).toBeLessThan(0.005);
  for (const [beyond, share] of [
    [1, 0.3173105],
    [3, 0.0026998],
    [3.6, 0.0003182],
  ] as const)
    expect(Math.abs(mean((x) => Number(Math.abs(x) > beyond)) - share)).toBeLessThan(5 * Math.sqrt(share / n));
});
