"""Steps on demand, as bench/serve-steps.ts, and the language model that they train."""

import json
import resource
import sys
import time

import torch

base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def serve(step):
    """
    A line `n` on stdin runs n steps and answers with each one's milliseconds; `end` with the peak memory and the time
    of all threads a step.
    """
    loss = step()
    print(json.dumps({"ready": True, "version": torch.__version__, "loss": loss}), flush=True)
    before, steps = time.process_time(), 0
    for line in sys.stdin:
        if line.strip() == "end":
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            cpu = 1000 * (time.process_time() - before) / max(1, steps)
            print(json.dumps({"peak": peak, "base": base, "cpu": cpu}), flush=True)
            break
        steps += int(line)
        print(json.dumps([milliseconds(step) for _ in range(int(line))]), flush=True)


def milliseconds(step):
    start = time.perf_counter()
    step()
    return 1000 * (time.perf_counter() - start)


def llama_with_adapters(sizes, rank, alpha):
    """A LLaMA with LoRA on every matrix of its layers, drawn, ready to train."""
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

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
    lora = LoraConfig(r=rank, lora_alpha=alpha, target_modules=names, task_type="CAUSAL_LM")
    return get_peft_model(LlamaForCausalLM(config), lora).train()
