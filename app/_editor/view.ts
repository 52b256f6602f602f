/**
 * What the window of an editor shows beside the graph: panels, dialogs, how wires are drawn. No part of the document
 * and of its history; what is a matter of taste is remembered in this browser.
 */
import { createStore } from "zustand";
import { createJSONStorage, persist } from "zustand/middleware";
import type { Point, Wire } from "#nodes/graph/document";
import type { Guide } from "./snapping";
import type { AddRequest, PortRequest, Refusal } from "./canvas/requests";
import type { Varied } from "./sweep/can-vary";

/** What lies over the canvas, or above it. */
export type Overlay =
  | "palette"
  | "frames"
  | "keys"
  | "find"
  | "files"
  | "updates"
  | "share"
  | "app"
  | "publish"
  | "api"
  | "sweep";
export type PanelSide = "left" | "right";
/** When the shape of what a wire carries stands on it. */
export type ShapesOnWires = "hover" | "always";

/** The way of a wire around nodes, as long as its ends are where they were. */
export interface Route {
  from: Point;
  to: Point;
  bends: readonly Point[];
  /** How it is drawn, where not as curves between its bends. */
  path?: string;
}

export interface ViewState {
  overlay: Overlay | undefined;
  /** What a sweep that is asked for varies first. */
  varied: Varied | undefined;
  /** A node is asked for, at a place. */
  adding: AddRequest | undefined;
  /** A wire is asked for, from a node or a port, by a list. */
  connecting: PortRequest | undefined;
  /** A wire was let go where it does not fit. */
  refusal: Refusal | undefined;
  panels: Readonly<Record<PanelSide, boolean>>;
  widths: Readonly<Record<PanelSide, number>>;
  overview: boolean;
  shapes: ShapesOnWires;
  hidesWires: boolean;
  /** Commands that were chosen from the palette, the last one first. */
  recent: readonly string[];
  /** Types of nodes that were added, the last one first. */
  recentNodes: readonly string[];
  /** Types of nodes that were starred. */
  favourites: readonly string[];
  /** What was told last to whoever cannot see the canvas. */
  announcement: string;
  /** The wire that the pointer is at. */
  nearWire: string | undefined;
  /** Ways around nodes, by the wires that would run through some. */
  routes: ReadonlyMap<string, Route>;
  /** By which lines a dragged node is in line with others. */
  guides: readonly Guide[];
  /** Where the pointer is over the canvas, on the screen; the wire whose end it holds. Nobody is told of changes. */
  pointer: { place?: { x: number; y: number }; isAltDown?: boolean; replugged?: Wire };
  show(overlay: Overlay | undefined): void;
  askForSweep(varied?: Varied): void;
  askForNode(request: AddRequest | undefined): void;
  askForWire(request: PortRequest | undefined): void;
  refuse(refusal: Refusal | undefined): void;
  set(change: Partial<Settings>): void;
  remember(command: string): void;
  rememberNode(type: string): void;
  announce(text: string): void;
  comeNear(wire: string | undefined): void;
  guide(guides: readonly Guide[]): void;
}
/** What stays when the window is closed. */
export type Settings = Pick<ViewState, (typeof settings)[number]>;
export type ViewStore = ReturnType<typeof createView>;

const settings = [
  "panels",
  "widths",
  "overview",
  "shapes",
  "hidesWires",
  "recent",
  "recentNodes",
  "favourites",
] as const;
const remembered = 6;
export const panelWidths = { left: { least: 180, most: 420 }, right: { least: 240, most: 560 } };

/** Milliseconds that a wire stays as it is when the pointer has left it: what stands on it can be reached. */
const linger = 250;

/** As this browser had it when it was closed. */
export function createView() {
  let lingering: ReturnType<typeof setTimeout> | undefined;
  return createStore<ViewState>()(
    persist(
      (set) => ({
        overlay: undefined,
        varied: undefined,
        adding: undefined,
        connecting: undefined,
        refusal: undefined,
        panels: { left: true, right: true },
        widths: { left: 224, right: 288 },
        overview: true,
        shapes: "hover",
        hidesWires: false,
        recent: [],
        recentNodes: [],
        favourites: [],
        announcement: "",
        pointer: {},
        nearWire: undefined,
        routes: new Map(),
        guides: [],
        show: (overlay) => set({ overlay }),
        askForSweep: (varied) => set({ overlay: "sweep", varied }),
        askForNode: (adding) => set({ adding }),
        askForWire: (connecting) => set({ connecting }),
        refuse: (refusal) => set({ refusal }),
        set: (change) => set(change),
        remember: (command) => set(({ recent }) => ({ recent: withFirst(recent, command) })),
        rememberNode: (type) => set(({ recentNodes }) => ({ recentNodes: withFirst(recentNodes, type) })),
        comeNear: (wire) => {
          clearTimeout(lingering);
          if (wire !== undefined) set({ nearWire: wire });
          else lingering = setTimeout(() => set({ nearWire: undefined }), linger);
        },
        guide: (guides) => set((state) => (state.guides.length || guides.length ? { guides } : {})),
        announce: (text) => set(({ announcement }) => ({ announcement: told(text, announcement) })),
      }),
      {
        name: "patchbay-editor",
        version: 1,
        storage: createJSONStorage(() => localStorage),
        partialize: settingsOf,
      },
    ),
  );
}

function settingsOf(state: ViewState): Settings {
  return Object.fromEntries(settings.map((name) => [name, state[name]])) as unknown as Settings;
}

/** What was chosen last comes first, and what was chosen longest ago is forgotten. */
function withFirst(chosen: readonly string[], last: string): string[] {
  return [last, ...chosen.filter((other) => other !== last)].slice(0, remembered);
}

/** The same words twice in a row are read only if they differ: a space that nobody hears tells them apart. */
function told(text: string, before: string): string {
  return text === before ? `${text}\u00a0` : text;
}
