"use client";

import { type RefObject, useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { chartAxes } from "../chart";
import { keepPlot } from "../plot-host";
import { themed } from "../theme";
import type { Span } from "./buckets";
import { type DrawnRun, type Lines, linesIn, mostDistinct } from "./drawn";
import { LitCurve } from "./lit-curve";
import { lookAt, type SharedView } from "./shared-view";

export interface CurvePlotProps {
  label: string;
  drawn: readonly DrawnRun[];
  isSmoothed: boolean;
  logX: boolean;
  logY: boolean;
  height: number;
  /** What it looks at together with the plots beside it; they have one pointer. */
  view: SharedView;
  /** All that can be looked at. */
  whole: Span | undefined;
  /** The run that stands out. */
  lit: string | undefined;
  onFocus(place: number | undefined): void;
  /** The pointer, here or in a plot beside it, is at a place on the axis; or nowhere. */
  onPointer(x: number | undefined): void;
  /** Where the plot is, for pictures of it. */
  plot: RefObject<uPlot | undefined>;
}

/** A series of the plot: whose it is, and what of it. */
interface Place {
  run: number;
  kind: "smooth" | "raw" | "min" | "max";
}

/**
 * Curves over each other. Whatever is looked at is put into as many buckets as there are pixels, of many runs into half
 * as many: fifty curves of ten thousand points are drawn anew for each frame while the wheel turns. A drag chooses a
 * part, the wheel and a drag with Shift move through it, a double click shows all.
 */
export function CurvePlot(props: CurvePlotProps) {
  const { label, drawn, isSmoothed, logX, logY, height, view, lit, plot } = props;
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const stands = useRef<LitCurve>(undefined);
  const places = useMemo(() => placesOf(drawn, isSmoothed), [drawn, isSmoothed]);
  const looks = JSON.stringify([places, drawn.map(({ run }) => [run.id, run.colour, run.strong])]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other looks need another plot; numbers do not
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const make = (): uPlot => {
      const made = openPlot(element, latest, places);
      stands.current = new LitCurve(made);
      stands.current.light(litSeries(latest.current, places));
      show(made, latest.current, places);
      return made;
    };
    const draw = () => plot.current && show(plot.current, latest.current, places);
    view.plots.add(draw);
    const end = keepPlot(element, plot, make, (drawnPlot, width) => {
      drawnPlot.setSize({ width, height });
      draw();
    });
    return () => {
      view.plots.delete(draw);
      end();
    };
  }, [label, looks, logX, logY, height, view]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the curves are read from the ref they were put into
  useEffect(() => {
    if (plot.current) show(plot.current, latest.current, places);
  }, [plot, drawn, places, props.whole]);
  useEffect(() => stands.current?.light(litSeries({ drawn, lit }, places)), [lit, drawn, places]);
  const names = drawn.slice(0, 8).map(({ run }) => run.label);
  return <div ref={host} className="w-full touch-pan-y" role="img" aria-label={`${names.join(", ")} by ${label}`} />;
}

/** Which series of the plot is that of the run that stands out. */
function litSeries(
  { drawn, lit }: Pick<CurvePlotProps, "drawn" | "lit">,
  places: readonly Place[],
): number | undefined {
  const run = drawn.findIndex((each) => each.run.id === lit);
  const place = places.findIndex((each) => each.run === run && each.kind === "smooth");
  return place < 0 ? undefined : place + 1;
}

/** Bands first and smoothed lines last, so that these lie on top. */
function placesOf(drawn: readonly DrawnRun[], isSmoothed: boolean): Place[] {
  const kinds = [
    ...(drawn.length <= mostDistinct ? (["min", "max"] as const) : []),
    ...(isSmoothed ? (["raw"] as const) : []),
  ];
  const below = kinds.flatMap((kind) => drawn.map((_, run): Place => ({ run, kind })));
  return [...below, ...drawn.map((_, run): Place => ({ run, kind: "smooth" }))];
}

/** Puts what is looked at into the plot. */
function show(plot: uPlot, { drawn, view, whole, isSmoothed }: CurvePlotProps, places: readonly Place[]): void {
  const span = view.span ?? whole;
  if (!span) return;
  const pixels = plot.bbox.width / devicePixelRatio;
  const wanted = drawn.length > mostDistinct ? pixels / 2 : pixels;
  const count = Math.max(50, Math.min(1500, Math.floor(wanted)));
  const { x, lines } = linesIn(drawn, span, count, isSmoothed);
  const columns = places.map(({ run, kind }) => columnOf(lines[run], kind) ?? new Array(count).fill(null));
  plot.batch(() => {
    plot.setData([x, ...columns] as uPlot.AlignedData, false);
    plot.setScale("x", { min: span.from, max: span.to });
  });
}

function columnOf(lines: Lines | undefined, kind: Place["kind"]): (number | null)[] | undefined {
  if (kind === "min" || kind === "max") return lines?.band?.[kind === "min" ? 0 : 1];
  return lines?.[kind];
}

function openPlot(element: HTMLElement, latest: { current: CurvePlotProps }, places: readonly Place[]): uPlot {
  const { label, drawn, logX, logY, height, view } = latest.current;
  const look = (span: Span | undefined) => lookAt(view, span);
  function showAll(): null {
    look(undefined);
    return null;
  }
  return new uPlot(
    {
      width: element.clientWidth || 320,
      height,
      legend: { show: false },
      padding: [8, 16, 0, 0],
      scales: { x: { time: false, distr: logX ? 3 : 1, auto: false }, y: logY ? { distr: 3 } : {} },
      axes: chartAxes(),
      bands: bandsOf(places, drawn),
      cursor: {
        drag: { x: true, y: false, setScale: false },
        focus: { prox: 24 },
        points: { show: false },
        y: false, // panels beside it have other values at that height
        bind: { dblclick: () => showAll },
        sync: { key: view.key, scales: ["x", null], setSeries: false, filters: { pub: isMove, sub: isMove } },
      },
      focus: { alpha: 1 }, // what stands out is drawn above, see LitCurve
      hooks: {
        ready: [
          (plot) =>
            plot.over.addEventListener("wheel", (event) => wheel(plot, event, view.span ?? latest.current.whole, look)),
        ],
        setSelect: [(plot) => select(plot, logX, look)],
        setCursor: [({ cursor, data }) => latest.current.onPointer(data[0][cursor.idx ?? -1])],
        setSeries: [
          (_, series) => latest.current.onFocus(series === null ? undefined : (places[series - 1]?.run ?? undefined)),
        ],
      },
      series: [{ label }, ...places.map((place) => seriesOf(place, drawn[place.run] as DrawnRun, drawn.length))],
    },
    [[], ...places.map(() => [])] as uPlot.AlignedData,
    element,
  );
}

type Look = (span: Span | undefined) => void;

/** Plots beside each other share where the pointer is; what it drags is told by what they look at. */
const isMove = (event: string): boolean => event === "mousemove" || event === "mouseleave";

/** What was chosen with a drag is shown as a whole. */
function select(plot: uPlot, isLog: boolean, look: Look): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  if (to > from) look({ from, to, isLog });
}

/** The wheel comes nearer to where the pointer is; with Shift, or sideways, it moves along. */
function wheel(plot: uPlot, event: WheelEvent, span: Span | undefined, look: Look): void {
  if (!span) return;
  event.preventDefault();
  const whole = (value: number) => (span.isLog ? Math.log(value) : value);
  const back = (value: number) => (span.isLog ? Math.exp(value) : value);
  const [start, end] = [whole(span.from), whole(span.to)];
  const across = event.shiftKey ? event.deltaY : event.deltaX;
  const moved = (across / 600) * (end - start);
  const nearer = event.shiftKey ? 1 : 1.0015 ** event.deltaY;
  const middle = start + ((plot.cursor.left ?? 0) / plot.over.clientWidth) * (end - start);
  const from = middle + (start - middle) * nearer + moved;
  const to = middle + (end - middle) * nearer + moved;
  look({ from: back(from), to: back(to), isLog: span.isLog });
}

function seriesOf({ kind }: Place, { run }: DrawnRun, runs: number): uPlot.Series {
  const stroke = () => themed(run.colour);
  if (kind === "min" || kind === "max")
    return { label: run.label, stroke: "transparent", width: 0, points: { show: false }, spanGaps: true };
  const isRaw = kind === "raw";
  const usual = runs > mostDistinct ? 1 : 1.5;
  return {
    label: run.label,
    stroke,
    width: isRaw ? 1 : run.strong ? 3 : usual,
    alpha: isRaw ? 0.22 : 1,
    spanGaps: true,
    pxAlign: false,
    points: { show: false },
  };
}

function bandsOf(places: readonly Place[], drawn: readonly DrawnRun[]): uPlot.Band[] {
  const placeOf = (run: number, kind: Place["kind"]) =>
    places.findIndex((place) => place.run === run && place.kind === kind) + 1;
  return drawn.flatMap(({ run }, i): uPlot.Band[] => {
    const [top, bottom] = [placeOf(i, "max"), placeOf(i, "min")];
    return top && bottom ? [{ series: [top, bottom], fill: () => faint(themed(run.colour)) }] : [];
  });
}

const faint = (colour: string): string => `color-mix(in srgb, ${colour} 14%, transparent)`;
