"""Trains the CLIP of bench/curve.ts on the same numbers and prints the losses as JSON.

Weights, rows and learning rates come from a folder.
"""

import json
import math
import struct
import sys
from pathlib import Path

import numpy as np
import torch
from models import Clip, adamw

folder, threads = Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
spec = json.loads((folder / "spec.json").read_text())
data = (folder / "weights.safetensors").read_bytes()
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8 : 8 + length])
header.pop("__metadata__", None)


def stored(name):
    start, end = header[name]["data_offsets"]
    return torch.from_numpy(
        np.frombuffer(data[8 + length + start : 8 + length + end], dtype=np.float32)
        .reshape(header[name]["shape"])
        .copy()
    )


def name_of(name):
    """Where a parameter of ours lies in the PyTorch model."""
    name = (
        name.replace(".attn.", ".")
        .replace(".mlp.", ".")
        .replace("ip.proj", "image_projection")
        .replace("tp.proj", "text_projection")
        .replace("scorer.", "")
    )
    return name + ".weight" if name == "text.token_embedding" else name


model = Clip(spec["image"], spec["text"], spec["embed"])
own = dict(model.named_parameters())
with torch.no_grad():
    for name in header:
        target, value = own.pop(name_of(name)), stored(name)
        if name == "vision.conv1.weight":
            value = value.T.reshape(target.shape)
        elif value.ndim == 2 and "embedding" not in name:
            value = value.T  # a Linear of ours is [in, out]
        target.copy_(value.reshape(target.shape))
assert not own, f"not in the checkpoint: {list(own)}"

pixels = torch.from_numpy(np.fromfile(folder / "pixels.bin", dtype=np.float32).reshape(spec["pixels"]))
ids = torch.from_numpy(np.fromfile(folder / "ids.bin", dtype=np.int64).reshape(spec["ids"]))
optimizer, losses = adamw(model, decay=spec["weightDecay"]), []
for rows, lr in zip(spec["batches"], spec["lr"]):
    for group in optimizer.param_groups:
        group["lr"] = lr
    loss = model(pixels[rows], ids[rows])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    with torch.no_grad():
        model.logit_scale.clamp_(0, math.log(100))
    losses.append(loss.item())
print(json.dumps(losses))
