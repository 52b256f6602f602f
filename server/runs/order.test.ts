import { describe, expect, it } from "vitest";
import { random } from "#models/random";
import { prioritiesFor, type Waiting } from "./order";

/** Runs in the order in which workers take them: those of equal priority as they were asked for. */
function taken(runs: readonly (Waiting & { asked: number })[]): string[] {
  return [...runs].sort((a, b) => b.priority - a.priority || a.asked - b.asked).map(({ id }) => id);
}

describe("the order of runs that wait", () => {
  it("changes the run that is moved alone, where there is room between its neighbours", () => {
    const order = [
      { id: "a", priority: 5 },
      { id: "moved", priority: 0 },
      { id: "b", priority: 0 },
    ];
    expect([...prioritiesFor(order, 1)]).toEqual([["moved", 1]]);
    expect([...prioritiesFor([{ id: "moved", priority: -3 }, order[2] as Waiting], 0)]).toEqual([["moved", 1]]);
    const behindSweep = [
      { id: "sweep", priority: -7 },
      { id: "moved", priority: 0 },
    ];
    expect([...prioritiesFor(behindSweep, 1)]).toEqual([["moved", -8]]);
  });
  it("keeps a run that was moved to the end before those that are asked for afterwards", () => {
    const order = ["b", "c", "moved"].map((id) => ({ id, priority: 0 }));
    const changed = prioritiesFor(order, 2);
    expect(changed).toEqual(
      new Map([
        ["moved", 0],
        ["c", 1],
        ["b", 2],
      ]),
    );
  });
  it("is the asked one after any 300 moves, with new runs and the runs of a sweep among them", () => {
    const draw = random("order of runs", 1);
    let asked = 0;
    const add = (priority: number) => ({ id: `run ${asked}`, priority, asked: asked++ });
    let runs = [...Array.from({ length: 4 }, () => add(0)), ...[-1, -2, -3].map(add)];
    for (let i = 0; i < 300; i++) {
      if (draw.below(5) === 0) runs = [...runs, add(0)].slice(-12);
      const order = taken(runs);
      const [id] = order.splice(draw.below(order.length), 1) as [string];
      const place = draw.below(order.length + 1);
      order.splice(place, 0, id);
      const byId = new Map(runs.map((run) => [run.id, run]));
      const changed = prioritiesFor(
        order.map((each) => byId.get(each) as Waiting),
        place,
      );
      runs = runs.map((run) => ({ ...run, priority: changed.get(run.id) ?? run.priority }));
      expect(taken(runs)).toEqual(order);
    }
  });
});
