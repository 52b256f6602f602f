"""Takes LoRA steps of a LLaMA on demand, with transformers and PEFT. The sizes come as JSON."""

import json
import sys

import torch
from served import llama_with_adapters, serve

sizes, tokens, threads = json.loads(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)
model = llama_with_adapters(sizes, tokens["rank"], tokens["alpha"])
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)
ids = torch.randint(0, 49_000, (tokens["rows"], tokens["length"]))
mask = torch.ones_like(ids)


def step():
    loss = model(input_ids=ids, attention_mask=mask, labels=ids).loss
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    return loss.item()


serve(step)
