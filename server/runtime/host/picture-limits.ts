import { Failure } from "../../errors";

/** What a stranger's picture may cost. */
export const pictureLimits = {
  bytes: 32 * 2 ** 20,
  svgBytes: 2 * 2 ** 20,
  side: 16_384,
  pixels: 64_000_000,
  seconds: 20,
};

/** Says that a picture is no good, and what can be done. */
export function refusePicture(name: string, reason: string, hint: string): never {
  throw new Failure({ message: `The picture ${name} is refused: ${reason}.`, hint });
}
