/** What is said of a ShapeCaps scene: three paraphrases out of 45 words, and what is wrong with noisy captions. */
import type { Random } from "../random";
import { oneOf, placeOf, type Scene, type SceneObject } from "./scene";

/** Words that a paraphrase has in place of others. */
type Wording = Readonly<Record<string, string>>;

const digitWords = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
export const bySize: Wording = { small: "little", large: "big" };
export const bySynonym: Wording = {
  circle: "disc",
  square: "box",
  triangle: "wedge",
  cross: "plus",
  red: "crimson",
  green: "emerald",
  blue: "navy",
  yellow: "golden",
  purple: "violet",
  orange: "amber",
};

/** A way to say what is in a picture. */
interface Paraphrase {
  opening: string;
  joint: string;
  object(object: SceneObject): string;
}
const paraphrases: readonly Paraphrase[] = [
  { opening: "", joint: " and ", object: (object) => `a ${nameOf(object, {})} ${placeOf(object)}` },
  { opening: "", joint: " and ", object: (object) => `${placeOf(object)} a ${nameOf(object, bySize)}` },
  { opening: "picture of ", joint: " with ", object: (object) => `${nameOf(object, bySynonym)} ${placeOf(object)}` },
];

/** How many paraphrases there are. */
export const paraphraseCount = paraphrases.length;

/** A scene in one of the paraphrases: “a large red circle marked seven top left and a small blue square centre”. */
export function captionOf(scene: Scene, paraphrase: number): string {
  const { opening, joint, object } = paraphrases[paraphrase] as Paraphrase;
  return `${opening}${scene.map(object).join(joint)}`;
}

const screens = ["1920x1080", "1280x720", "800x600", "640x480", "1024x768"];

/** What stands in place of a caption where a file's name did: “img 1920x1080”. */
export const junkCaption = (draw: Random): string => `img ${oneOf(draw, screens)}`;

function nameOf({ size, colour, shape, digit }: SceneObject, wording: Wording): string {
  const words = [size, colour, shape].map((word) => wording[word] ?? word);
  return [...words, ...(digit === undefined ? [] : ["marked", digitWords[digit]])].join(" ");
}
