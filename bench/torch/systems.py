"""A training step of each system as its authors write it, in eager PyTorch, over drawn weights and inputs.

`systems.py NAME CONSTANTS THREADS`: the constants are those of the template, as JSON; lines on stdin as in served.py.
"""

import sys

import contrastive_systems as contrastive
import fusion_systems as fusion
from served import serve
from system_parts import adamw

systems = {
    "clip-vit-train": lambda: contrastive.clip(contrastive.ClipVit),
    "clip-resnet-train": lambda: contrastive.clip(contrastive.ClipResnet),
    "align-train": contrastive.align,
    "vilt": fusion.vilt,
    "albef-pretrain": fusion.albef,
    "vlmo": fusion.vlmo,
    "blip-pretrain": fusion.blip,
    "mae-pretrain": contrastive.mae,
}
model, loss_of, optimizer, after = systems[sys.argv[1]]()
optimizer = optimizer or adamw(model)


def step():
    loss = loss_of()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if after:
        after()
    return loss.item()


serve(step)
