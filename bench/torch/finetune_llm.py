"""Takes LoRA steps of a LLaMA on demand, with transformers and PEFT.

The sizes come as JSON. A line `n` on stdin runs n steps and answers with the milliseconds of each; `end` answers with
the peak memory.
"""

import json
import resource
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

sizes, tokens, threads = json.loads(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
config = LlamaConfig(
    vocab_size=sizes["vocabulary"],
    hidden_size=sizes["width"],
    intermediate_size=sizes["hidden"],
    num_hidden_layers=sizes["layers"],
    num_attention_heads=sizes["heads"],
    num_key_value_heads=sizes["keyHeads"],
    rope_theta=sizes["base"],
    tie_word_embeddings=True,
    use_cache=False,
)
names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
lora = LoraConfig(r=tokens["rank"], lora_alpha=tokens["alpha"], target_modules=names, task_type="CAUSAL_LM")
model = get_peft_model(LlamaForCausalLM(config), lora).train()
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


loss = step()
print(json.dumps({"ready": True, "version": torch.__version__, "loss": loss}), flush=True)
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
