"""Takes training steps on demand."""

import sys

import torch
from models import Clip, Encoder, adamw
from served import serve

name, mode, batch, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
device = sys.argv[5] if len(sys.argv) > 5 else "cpu"
torch.set_num_threads(threads)
torch.manual_seed(0)
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
model, inputs = model.to(device), [given.to(device) for given in inputs]
optimizer, forward = adamw(model), torch.compile(model) if mode == "compile" else model


def step():
    loss = forward(*inputs)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


serve(step)
