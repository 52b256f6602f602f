"""A ViT-S/16 as Hugging Face has it, random weights.

`export FOLDER` writes it as ONNX with its configuration; `run THREADS` takes folders of pictures through it with a
DataLoader of one worker: a line with a folder's path answers with rows and milliseconds, `end` with the peak memory.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from transformers import ViTConfig, ViTModel

torch.manual_seed(0)
config = ViTConfig(hidden_size=384, num_attention_heads=6, intermediate_size=1536, num_hidden_layers=12)


def export(folder):
    class Outputs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = ViTModel(config).eval()

        def forward(self, pixel_values):
            given = self.model(pixel_values=pixel_values)
            return given.last_hidden_state, given.pooler_output

    config._attn_implementation = "eager"
    names = ["pixel_values", "last_hidden_state", "pooler_output"]
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        Outputs(),
        (torch.zeros(2, 3, 224, 224),),
        str(folder / "onnx" / "model.onnx"),
        input_names=names[:1],
        output_names=names[1:],
        dynamic_axes={name: {0: "batch"} for name in names},
        opset_version=17,
        dynamo=False,
    )
    config.save_pretrained(folder)
    half = [0.5, 0.5, 0.5]
    processor = {
        "image_processor_type": "ViTFeatureExtractor",
        "do_resize": True,
        "size": {"height": 224, "width": 224},
        "resample": 3,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": half,
        "image_std": half,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))


class Pictures(torch.utils.data.Dataset):
    def __init__(self, folder):
        self.files = sorted(Path(folder).glob("*.jpg"))

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        import numpy
        from PIL import Image

        image = Image.open(self.files[index]).convert("RGB").resize((224, 224), Image.BICUBIC)
        pixels = torch.from_numpy(numpy.asarray(image, dtype=numpy.float32) / 255)
        return (pixels.permute(2, 0, 1) - 0.5) / 0.5


def run(model, folder):
    loader = torch.utils.data.DataLoader(Pictures(folder), batch_size=16, num_workers=1)
    start, embeddings = time.perf_counter(), []
    with torch.inference_mode():
        for pixels in loader:
            pooled = model(pixel_values=pixels).pooler_output
            embeddings.append(torch.nn.functional.normalize(pooled, dim=-1))
    return {"rows": sum(map(len, embeddings)), "ms": 1000 * (time.perf_counter() - start)}


if sys.argv[1] == "export":
    export(Path(sys.argv[2]))
else:
    torch.set_num_threads(int(sys.argv[2]))
    model = ViTModel(config).eval()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        if line.strip() == "end":
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(json.dumps({"peakMiB": round(peak / 1024)}), flush=True)
            break
        print(json.dumps(run(model, line.strip())), flush=True)
