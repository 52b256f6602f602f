"""Takes steps of the small multimodal model's training on demand, with transformers and PEFT.

A frozen picture encoder of CLIP's kind, two linear layers, and a LLaMA with adapters that reads ten tokens of a picture
before its words. The sizes come as JSON.
"""

import json
import sys

import torch
from served import llama_with_adapters, serve
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModel

language, sizes, threads = json.loads(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)
tower = sizes["tower"]
vision = CLIPVisionModel(
    CLIPVisionConfig(
        hidden_size=tower["width"],
        intermediate_size=4 * tower["width"],
        num_hidden_layers=tower["layers"],
        num_attention_heads=tower["heads"],
        image_size=sizes["side"],
        patch_size=tower["patch"],
    )
)
vision.requires_grad_(False).eval()
projector = nn.Sequential(
    nn.Linear(tower["width"], language["width"]), nn.GELU(), nn.Linear(language["width"], language["width"])
)
model = llama_with_adapters(language, sizes["rank"], sizes["alpha"])
trained = [p for p in [*model.parameters(), *projector.parameters()] if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)
rows, length, seen = sizes["rows"], sizes["length"], sizes["seen"]
pixels = torch.rand(rows, 3, sizes["side"], sizes["side"]) - 0.5
ids = torch.randint(7, 49_000, (rows, length))
mask = torch.ones_like(ids)
labels = ids.clone()
labels[:, :seen] = -100
side = sizes["side"] // tower["patch"]


def tokens_of_pictures():
    with torch.no_grad():
        tokens = vision(pixels).last_hidden_state
        grid = tokens[:, 1:].reshape(rows, side // 2, 2, side // 2, 2, -1).mean((2, 4)).flatten(1, 2)
        pooled = torch.cat([tokens[:, :1], grid], 1)
    return projector(pooled)


def step():
    words = model.get_input_embeddings()(ids[:, seen:])
    embeddings = torch.cat([tokens_of_pictures(), words], 1)
    loss = model(inputs_embeds=embeddings, attention_mask=mask, labels=labels).loss
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    return loss.item()


serve(step)
