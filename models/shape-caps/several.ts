/** Questions that take several ShapeCaps pictures to answer: what differs between two, and which of four frames. */
import type { Random } from "../random";
import type { QuestionKind } from "./questions";
import { colours, drawScene, oneOf, type Scene, type SceneChoice, type SceneObject } from "./scene";

export const severalKinds = ["difference", "frame"] as const;
export type SeveralKind = (typeof severalKinds)[number];

export interface SeveralQuestion {
  kind: SeveralKind;
  question: string;
  answer: string;
  /** The pictures in their order; the scene that was given is among them. */
  scenes: Scene[];
}

export const frameCount = 4;

export const isSeveral = (kind: QuestionKind | SeveralKind): kind is SeveralKind =>
  severalKinds.some((several) => several === kind);

/** The pictures around a scene that a question of this kind is about, and the question. */
export function askSeveral(scene: Scene, kind: SeveralKind, draw: Random, choice: SceneChoice): SeveralQuestion {
  return { kind, ...(kind === "difference" ? difference(scene, draw) : frame(scene, draw, choice)) };
}

/** A second picture, in which one object has a colour that is nowhere in the first. */
function difference(scene: Scene, draw: Random) {
  const fresh = oneOf(
    draw,
    colours.filter((colour) => !hasColour(scene, colour)),
  );
  const changed = draw.below(scene.length);
  const second = scene.map((object, i) => (i === changed ? { ...object, colour: fresh } : object));
  return { question: "Which colour is new in the second picture?", answer: fresh, scenes: [scene, second] };
}

/** Four pictures, of which the scene alone has a certain colour. */
function frame(scene: Scene, draw: Random, choice: SceneChoice) {
  const { colour } = oneOf(draw, scene);
  const place = draw.below(frameCount);
  const scenes = Array.from({ length: frameCount }, (_, i) =>
    i === place ? scene : sceneWithout(colour, draw, choice),
  );
  return { question: `In which frame is something ${colour}?`, answer: String(place + 1), scenes };
}

function sceneWithout(colour: SceneObject["colour"], draw: Random, choice: SceneChoice): Scene {
  for (;;) {
    const scene = drawScene(draw, choice);
    if (!hasColour(scene, colour)) return scene;
  }
}

const hasColour = (scene: Scene, colour: SceneObject["colour"]): boolean =>
  scene.some((object) => object.colour === colour);
