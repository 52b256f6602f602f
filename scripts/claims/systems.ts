/** All experiments, by system. */
import { albef } from "./albef";
import { align } from "./align";
import { blip } from "./blip";
import { clip } from "./clip";
import type { Experiments } from "./experiment";
import { llavaOnevision } from "./llava-onevision";
import { mae } from "./mae";
import { vilt } from "./vilt";
import { vlmo } from "./vlmo";

export const systems: Readonly<Record<string, Experiments>> = {
  clip,
  align,
  vilt,
  albef,
  vlmo,
  blip,
  mae,
  "llava-onevision": llavaOnevision,
};

export function experimentsOf(system: string): Experiments {
  const found = systems[system];
  if (!found) throw new Error(`There is no system “${system}”: ${Object.keys(systems).join(", ")} are known.`);
  return found;
}
