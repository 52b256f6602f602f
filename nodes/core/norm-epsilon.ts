import * as z from "zod";

/** The ε of BERT's norms, and of those that are made like it. */
export const bertEpsilon = 1e-12;

/** What a node's layer norms add to the variance. Ports of one network differ in it. */
export const epsilonParam = (usual: number) =>
  z.number().min(1e-12).max(0.1).default(usual).meta({ label: "Norm ε", advanced: true });
