import type { Checkpoint } from "#models/files/checkpoint";
import { streamSafetensors } from "#models/files/safetensors";
import { checkpointOf } from "../core/checkpoint";
import { defineNode } from "../core/node";
import { officialTensors, systemOf } from "../core/official-names";
import { port } from "../core/ports";

export const fromHuggingFace = defineNode({
  type: "weights.from-hugging-face",
  title: "Names of the authors",
  description: "Takes a Hugging Face checkpoint of CLIP, BLIP, ViLT or MAE into the nodes these systems are built of.",
  synonyms: ["convert", "rename keys", "state_dict"],
  docs: `The systems' own nodes call their parameters as the authors' code does (openai/CLIP, salesforce/BLIP,
dandelin/ViLT, facebookresearch/mae). Hugging Face's ports have other names, apart for query, key and value where the
authors have one matrix, and lay CLIP's projections the other way round. Which system it is follows from the names.
BLIP's captioner, which is saved alone, gives its encoder what both share, and ViLT's word head its words. ALIGN has
Hugging Face's names here too, and needs no such node.

Hugging Face's ViLT and MAE have ε 1e-12 in their norms and BLIP's pictures 1e-5, where the authors' have 1e-6: set
*Norm ε* of the nodes behind for what the port would give.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights() },
  params: {},
  async run({ host, inputs }) {
    if (inputs.weights.ref === undefined)
      throw Object.assign(new Error("These weights were not trained or loaded, so they have no names yet."), {
        hint: "Wire Load checkpoint with a file, a folder or a model of the hub.",
      });
    const checkpoint: Checkpoint = await checkpointOf(host, inputs.weights);
    const system = systemOf([...checkpoint.tensors.keys()]);
    if (!system)
      throw Object.assign(new Error("The checkpoint has not the names of Hugging Face's CLIP, BLIP, ViLT or MAE."), {
        hint: "A checkpoint with the authors' own names, or ALIGN's, is wired as it is.",
      });
    const stored = await host.putParts(streamSafetensors(officialTensors(host, checkpoint, system)));
    return { weights: { ref: stored.ref } };
  },
});
