import type { Translation } from "./call";
import * as constants from "./constants";
import * as conv from "./conv";
import * as elementwise from "./elementwise";
import * as loss from "./loss";
import * as matmul from "./matmul";
import * as movement from "./movement";
import * as normalization from "./normalization";
import * as reduce from "./reduce";
import * as resize from "./resize";

/** The ops of ONNX that are not simply ours: what each becomes, by its name. */
export const translations: Readonly<Record<string, Translation>> = {
  ...constants,
  ...elementwise,
  ...reduce,
  ...matmul,
  ...movement,
  ...normalization,
  ...conv,
  ...resize,
  ...loss,
};
