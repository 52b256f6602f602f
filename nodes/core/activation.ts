import * as z from "zod";
import { type ActivationName, activationNames } from "#models/blocks/activation";

/** What a node's feed-forward layers bend their values with. Ports of one network differ in it. */
export const activationParam = (usual: ActivationName) =>
  z.enum(activationNames).default(usual).meta({ label: "Activation", advanced: true });
