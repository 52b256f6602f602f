"""From nothing to the first training step of CLIP ViT-B/32, random weights, in seconds, without torch's import."""

import json
import sys
import time

import torch
from models import Clip, adamw

batch, threads = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(0)
start = time.perf_counter()
model = Clip(
    {"size": 224, "patch": 32, "width": 768, "layers": 12, "heads": 12},
    {"vocabulary": 49408, "length": 77, "width": 512, "layers": 12, "heads": 8},
    512,
)
optimizer, inputs = adamw(model), (torch.randn(batch, 3, 224, 224), torch.randint(1, 49000, (batch, 77)))
built = time.perf_counter()
model(*inputs).backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
optimizer.step()
print(
    json.dumps(
        {
            "build": round(built - start, 2),
            "firstStep": round(time.perf_counter() - built, 2),
            "total": round(time.perf_counter() - start, 2),
        }
    )
)
