/** Questions about a ShapeCaps scene, each with the one right answer. */
import type { Random } from "../random";
import { colours, oneOf, placeOf, type Scene, type SceneObject, shapes } from "./scene";

export const questionKinds = ["colour", "shape", "size", "place", "count", "presence", "digit"] as const;
export type QuestionKind = (typeof questionKinds)[number];

export interface AskedQuestion {
  kind: QuestionKind;
  question: string;
  answer: string;
}

/** One question of a kind that the scene has an answer to; nothing where it has none of the kinds. */
export function askAbout(scene: Scene, kinds: readonly QuestionKind[], draw: Random): AskedQuestion | undefined {
  const asked = [...draw.permutation(kinds.length)].map((i) => kinds[i] as QuestionKind);
  for (const kind of asked) {
    const found = askers[kind](scene, draw);
    if (found) return { kind, question: found[0], answer: found[1] };
  }
  return undefined;
}

type Asker = (scene: Scene, draw: Random) => [question: string, answer: string] | undefined;

const askers: Readonly<Record<QuestionKind, Asker>> = {
  colour: (scene, draw) => about(oneOf(draw, scene), ({ colour }) => colour, "What colour is the object at the"),
  shape: (scene, draw) => about(oneOf(draw, scene), ({ shape }) => shape, "What shape is at the"),
  size: (scene, draw) => about(oneOf(draw, scene), ({ size }) => size, "Is the object small or large at the"),
  place(scene, draw) {
    const object = oneOf(draw, onlyOnes(scene));
    return object && [`Where is the ${object.colour} ${object.shape}?`, placeOf(object)];
  },
  count: (scene) => ["How many objects are there?", String(scene.length)],
  presence,
  digit(scene, draw) {
    const object = oneOf(
      draw,
      scene.filter(({ digit }) => digit !== undefined),
    );
    return object && about(object, ({ digit }) => String(digit), "Which digit is at the");
  },
};

function about(object: SceneObject, answerOf: (object: SceneObject) => string, opening: string): [string, string] {
  return [`${opening} ${placeOf(object)}?`, answerOf(object)];
}

/** Objects that no other one of the scene has both colour and shape of. */
function onlyOnes(scene: Scene): SceneObject[] {
  const isLike = (object: SceneObject) => (other: SceneObject) =>
    other.colour === object.colour && other.shape === object.shape;
  return scene.filter((object) => scene.filter(isLike(object)).length === 1);
}

/** Yes and no are equally likely. */
function presence(scene: Scene, draw: Random): [string, string] {
  const isThere = draw.below(2) === 1;
  const { colour, shape } = isThere ? oneOf(draw, scene) : absent(scene, draw);
  const article = /^[aeiou]/.test(colour) ? "an" : "a";
  return [`Is there ${article} ${colour} ${shape}?`, isThere ? "yes" : "no"];
}

function absent(scene: Scene, draw: Random): Pick<SceneObject, "colour" | "shape"> {
  const all = colours.flatMap((colour) => shapes.map((shape) => ({ colour, shape })));
  const isThere = ({ colour, shape }: Pick<SceneObject, "colour" | "shape">) =>
    scene.some((object) => object.colour === colour && object.shape === shape);
  return oneOf(
    draw,
    all.filter((pair) => !isThere(pair)),
  );
}
