import * as z from "zod";
import { batchNorm as buildNorm } from "#models/blocks/convolution";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const batchNorm = defineNode({
  type: "model.batch-norm",
  title: "Batch norm",
  description: "Each feature gets mean 0 and variance 1 over the batch; running ones are kept for when nothing trains.",
  synonyms: ["BatchNorm1d", "normalization"],
  docs: `torch.nn.BatchNorm1d (Ioffe & Szegedy 2015): in a training step the batch's own mean and variance, otherwise
the running ones, \`running_mean\` and \`running_var\`, which follow by *Momentum*, as PyTorch counts it. Without
*Gain and bias* nothing of it trains: before a linear classifier it makes one learning rate fit features of any size,
as in the linear probe of MAE (He et al. 2022, A.1; ε 1e-6).

float32 [B, C, …] → the same`,
  version: 1,
  inputs: {
    features: port.tensor({ dtype: "float32", doc: "The second axis is normalized." }),
    weights: port.weights({ optional: true, doc: "Without one, the running statistics are fresh." }),
  },
  outputs: { features: port.tensor({ dtype: "float32" }) },
  params: {
    scope: scopeParam("norm", "tensors"),
    affine: z.boolean().default(true).meta({ label: "Gain and bias" }),
    epsilon: z.number().min(0).max(1e-2).default(1e-5).meta({ label: "ε", advanced: true, scale: "log" }),
    momentum: z.number().min(0).max(1).default(0.1).meta({ advanced: true }),
  },
  build: (builder) => ({ features: buildNorm(builder, "", builder.inputs.features, builder.params) }),
});
