/**
 * Ways of wires around nodes. Nodes that lie above each other are a column; between two of them, and above and below
 * all, a wire may pass. A wire that would run through a node passes each column in its way where that takes least
 * height, level, and curves between columns, where nothing is. A wire that goes back lies level in a lane that is free
 * all the way.
 */
import type { Point } from "#nodes/graph/document";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface End {
  /** Wires of one end may lie on each other. */
  owner: string;
  from: Point;
  to: Point;
}

interface Column {
  left: number;
  right: number;
  /** Where a wire may pass, from above to below. */
  gaps: readonly (readonly [top: number, bottom: number])[];
}

/** A level part of a wire that lies already. */
interface Lane {
  owner: string;
  left: number;
  right: number;
  y: number;
}

/** Free space between a wire and a node, beside and above. */
const clearance = 9;
/** Between two wires that run side by side. */
const laneWidth = 6;
/** Columns that are nearer to each other are one: there is no room to curve. */
const leastGap = 24;
/** So far from its ends a wire that goes back turns, with corners of this radius. */
const turn = { stub: 20, radius: 10 };
/** A bend costs as much as so many pixels of height. */
const bendCost = 30;

/** The bends of each wire, in order; none where its way is free. */
export function routesOf(wires: readonly End[], boxes: readonly Box[]): Point[][] {
  const lanes: Lane[] = [];
  return wires.map((wire) => {
    const bends = bendsOf(wire, boxes, lanes);
    for (let i = 1; i < bends.length; i++) {
      const [start, end] = [bends[i - 1] as Point, bends[i] as Point];
      const [left, right] = [Math.min(start.x, end.x), Math.max(start.x, end.x)];
      if (start.y === end.y) lanes.push({ owner: wire.owner, left, right, y: start.y });
    }
    return bends;
  });
}

function bendsOf(wire: End, boxes: readonly Box[], lanes: readonly Lane[]): Point[] {
  if (wire.to.x <= wire.from.x) return wayBack(wire, boxes, lanes);
  return isFree(wire.from, wire.to, boxes) ? [] : wayAround(wire, boxes, lanes);
}

/** Where the lane of a wire that goes back begins and ends: the free one that takes least height. */
function wayBack({ owner, from, to }: End, boxes: readonly Box[], lanes: readonly Lane[]): Point[] {
  const [left, right] = [to.x - turn.stub, from.x + turn.stub];
  const met = boxes.filter(({ x, width }) => x < right && x + width > left);
  const levels = gapsOf(met).flatMap((gap) =>
    [from.y, to.y].map((y) => freeLane(Math.min(gap[1], Math.max(gap[0], y)), gap, { owner, left, right }, lanes)),
  );
  const height = (y: number) => Math.abs(y - from.y) + Math.abs(y - to.y);
  const y = levels.reduce((one, other) => (height(other) < height(one) ? other : one));
  return [
    { x: right, y },
    { x: left, y },
  ];
}

/** How a wire that goes back is drawn, with round corners; nothing for others, which are curves between bends. */
export function pathBack(from: Point, bends: readonly Point[], to: Point): string | undefined {
  const [start, end] = bends;
  if (!start || !end || end.x >= start.x) return undefined;
  const corners = [{ x: start.x, y: from.y }, start, end, { x: end.x, y: to.y }];
  const stops = [from, ...corners, to];
  const turns = corners.map((corner, i) => {
    const [before, after] = [toward(corner, stops[i] as Point), toward(corner, stops[i + 2] as Point)];
    return `L${before.x},${before.y} Q${corner.x},${corner.y} ${after.x},${after.y}`;
  });
  return `M${from.x},${from.y} ${turns.join(" ")} L${to.x},${to.y}`;
}

/** Where a corner begins: so far from it towards the next stop, or half the way to that. */
function toward(corner: Point, stop: Point): Point {
  const [x, y] = [stop.x - corner.x, stop.y - corner.y];
  const share = Math.min(turn.radius / (Math.hypot(x, y) || 1), 0.5);
  return { x: corner.x + x * share, y: corner.y + y * share };
}

function wayAround({ owner, from, to }: End, boxes: readonly Box[], lanes: readonly Lane[]): Point[] {
  const columns = columnsBetween(from, to, boxes);
  if (!columns.length) return [];
  const levels = cheapestLevels({ owner, from, to }, columns, lanes);
  const passes = columns.map(({ left, right }, i) => ({ left, right, y: levels[i] as number }));
  return shortened(passes, from, to, boxes);
}

/** Nodes between the two ends, as columns that do not overlap. */
function columnsBetween(from: Point, to: Point, boxes: readonly Box[]): Column[] {
  const [first, last] = [from.x + 2, to.x - 2];
  const met = boxes
    .filter(({ x, width }) => x < last && x + width > first)
    .map((box) => ({ ...box, left: Math.max(first, box.x), right: Math.min(last, box.x + box.width) }))
    .sort((one, other) => one.left - other.left);
  const groups: (typeof met)[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const box of met) {
    if (box.left < end + leastGap && groups.length) groups.at(-1)?.push(box);
    else groups.push([box]);
    end = Math.max(end, box.right);
  }
  return groups.map((group) => ({
    left: Math.min(...group.map(({ left }) => left)),
    right: Math.max(...group.map(({ right }) => right)),
    gaps: gapsOf(group),
  }));
}

function gapsOf(group: readonly Box[]): [top: number, bottom: number][] {
  const gaps: [number, number][] = [];
  let top = Number.NEGATIVE_INFINITY;
  for (const { y, height } of [...group].sort((one, other) => one.y - other.y)) {
    if (y - clearance >= top) gaps.push([top, y - clearance]);
    top = Math.max(top, y + height + clearance);
  }
  return [...gaps, [top, Number.POSITIVE_INFINITY]];
}

/** At which height each column is passed, so that the wire goes up and down least. */
function cheapestLevels({ owner, from, to }: End, columns: readonly Column[], lanes: readonly Lane[]): number[] {
  let ways: { y: number; cost: number; levels: number[] }[] = [{ y: from.y, cost: 0, levels: [] }];
  for (const column of columns) {
    const levels = levelsIn(column, owner, from, to, lanes);
    ways = levels.map((y) => {
      const steps = ways.map((way) => ({ way, cost: way.cost + stepCost(way.y, y) }));
      const best = steps.reduce((one, other) => (other.cost < one.cost ? other : one));
      return { y, cost: best.cost, levels: [...best.way.levels, y] };
    });
  }
  const ends = ways.map(({ y, cost, levels }) => ({ levels, cost: cost + stepCost(y, to.y) }));
  return ends.reduce((one, other) => (other.cost < one.cost ? other : one)).levels;
}

const stepCost = (from: number, to: number): number => Math.abs(to - from) + (from === to ? 0 : bendCost);

/** Heights worth a look: level with an end, on the straight way, and close to what bounds each gap. */
function levelsIn(column: Column, owner: string, from: Point, to: Point, lanes: readonly Lane[]): number[] {
  const { left, right, gaps } = column;
  const share = ((left + right) / 2 - from.x) / (to.x - from.x);
  const straight = from.y + share * (to.y - from.y);
  const wanted = [from.y, to.y, straight];
  const levels = gaps.flatMap(([top, bottom]) =>
    [...wanted, top, bottom]
      .filter((y) => Number.isFinite(y))
      .map((y) => Math.min(bottom, Math.max(top, y)))
      .flatMap((y) => freeLane(y, [top, bottom], { owner, left, right }, lanes) ?? []),
  );
  return [...new Set(levels)];
}

/** The next height in a gap at which no other wire lies; the one that is wanted where there is no room. */
function freeLane(
  wanted: number,
  [top, bottom]: readonly [number, number],
  { owner, left, right }: Omit<Lane, "y">,
  lanes: readonly Lane[],
): number {
  const beside = lanes.filter((lane) => lane.owner !== owner && lane.left < right && lane.right > left);
  for (let step = 0; step < 12; step++) {
    for (const y of [wanted + step * laneWidth, wanted - step * laneWidth]) {
      const isInside = y >= top && y <= bottom;
      if (isInside && beside.every((lane) => Math.abs(lane.y - y) >= laneWidth)) return y;
    }
  }
  return wanted;
}

interface Pass {
  left: number;
  right: number;
  y: number;
}

/** The passes as bends, without those that the wire finds its way without. */
function shortened(passes: readonly Pass[], from: Point, to: Point, boxes: readonly Box[]): Point[] {
  let kept = joined(passes);
  for (let i = 0; i < kept.length; ) {
    const fewer = kept.toSpliced(i, 1);
    const before = fewer[i - 1];
    const after = fewer[i];
    const start = before ? { x: before.right, y: before.y } : from;
    const end = after ? { x: after.left, y: after.y } : to;
    if (isFree(start, end, boxes)) kept = fewer;
    else i++;
  }
  return kept.flatMap(({ left, right, y }) => [
    { x: left, y },
    { x: right, y },
  ]);
}

/** Neighbours at the same height are one. */
function joined(passes: readonly Pass[]): Pass[] {
  const all: Pass[] = [];
  for (const pass of passes) {
    const last = all.at(-1);
    if (last?.y === pass.y) last.right = pass.right;
    else all.push({ ...pass });
  }
  return all;
}

const samples = 24;

/** Whether the curve between two points runs through no node. */
export function isFree(from: Point, to: Point, boxes: readonly Box[]): boolean {
  if (to.x <= from.x) return true; // It goes back, in a lane of its own.
  const near = boxes.filter(
    ({ x, y, width, height }) =>
      x < to.x - 2 &&
      x + width > from.x + 2 &&
      y - 3 < Math.max(from.y, to.y) &&
      y + height + 3 > Math.min(from.y, to.y),
  );
  if (!near.length) return true;
  for (let i = 0; i < samples; i++) {
    const [start, end] = [curveAt(from, to, i / samples), curveAt(from, to, (i + 1) / samples)];
    if (near.some((box) => isCrossed(box, start, end, from, to))) return false;
  }
  return true;
}

/** A point of the curve that `getBezierPath` of React Flow draws from left to right. */
function curveAt(from: Point, to: Point, t: number): Point {
  const middle = (from.x + to.x) / 2;
  const [a, b, c, d] = [(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t ** 3];
  return { x: a * from.x + b * middle + c * middle + d * to.x, y: (a + b) * from.y + (c + d) * to.y };
}

/** Whether a short piece of a curve is over a box, of which what lies left of the ends does not count. */
function isCrossed(box: Box, start: Point, end: Point, from: Point, to: Point): boolean {
  const left = Math.max(box.x, from.x + 2);
  const right = Math.min(box.x + box.width, to.x - 2);
  if (end.x < left || start.x > right) return false;
  const heightAt = (x: number) =>
    end.x === start.x ? start.y : start.y + ((x - start.x) / (end.x - start.x)) * (end.y - start.y);
  const [one, other] = [heightAt(Math.max(left, start.x)), heightAt(Math.min(right, end.x))];
  return Math.max(one, other) > box.y - 3 && Math.min(one, other) < box.y + box.height + 3;
}
