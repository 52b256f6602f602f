"""Takes training steps on demand.

A line `n` on stdin runs n steps and answers with the milliseconds of each; `end` answers with the peak memory.
"""

import json
import resource
import sys
import time

import torch
from models import Clip, Encoder, adamw

name, mode, batch, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(0)
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if name == "vit":
    model, inputs = Encoder(), (torch.randn(batch, 65, 384),)
elif name == "clip":
    model = Clip(
        {"size": 32, "patch": 4, "width": 192, "layers": 6, "heads": 3},
        {"vocabulary": 2048, "length": 16, "width": 128, "layers": 3, "heads": 2},
        128,
    )
    inputs = (torch.randn(batch, 3, 32, 32), torch.randint(1, 2000, (batch, 16)))
else:
    raise SystemExit(f"no model {name}")
optimizer, forward = adamw(model), torch.compile(model) if mode == "compile" else model


def step():
    loss = forward(*inputs)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


step()
print(json.dumps({"ready": True, "version": torch.__version__}), flush=True)
for line in sys.stdin:
    if line.strip() == "end":
        print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "base": base}), flush=True)
        break
    times = []
    for _ in range(int(line)):
        start = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps(times), flush=True)
