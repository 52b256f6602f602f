/** Parameters that ports of one network differ in. */
import * as z from "zod";
import { type ActivationName, activationNames } from "#models/blocks/activation";

/** What a node's feed-forward layers bend their values with. */
export const activationParam = (usual: ActivationName) =>
  z.enum(activationNames).default(usual).meta({ label: "Activation", advanced: true });

/** Whether what makes queries, keys and values has a bias. */
export const qkvBiasParam = z.boolean().default(true).meta({ label: "Bias of queries, keys, values", advanced: true });
