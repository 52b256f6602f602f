import { expect, it } from "vitest";
import { tiedTo } from "./ties";

const shared = { name: "decoder.*", to: "encoder.*", transposed: false, except: "*.attention.*" };
const head = { name: "head.weight", to: "words", transposed: true };

it("a module that is another's has its tensors, but for exceptions", () => {
  const nameOf = (name: string) => tiedTo(name, [shared, head]).name;
  expect(nameOf("decoder.layer.0.crossattention.key")).toBe("encoder.layer.0.crossattention.key");
  expect(nameOf("decoder.layer.0.attention.key")).toBe("decoder.layer.0.attention.key");
  expect(nameOf("other.decoder.layer")).toBe("other.decoder.layer");
});

it("a single name is another's, the other way round where that is said", () => {
  expect(tiedTo("head.weight", [shared, head])).toEqual({ name: "words", transposed: true });
});
