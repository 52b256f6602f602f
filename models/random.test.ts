import { expect, it } from "vitest";
import { random } from "./random";

it("fills arrays with the very draws of single calls", () => {
  for (const kind of ["uniform", "normal"] as const) {
    const data = new Float32Array(1001), one = random("fill", 7);
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
