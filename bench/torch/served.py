"""Steps on demand, as bench/serve-steps.ts, and the language model that they train."""

import json
import resource
import sys
import time

import torch

base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def serve(step):
    """
    A line `n` on stdin runs n steps and answers with each one's milliseconds; `end` with the peak memory and the
    least time of all threads that a step took.
    """
    loss = step()
    print(json.dumps({"ready": True, "version": torch.__version__, "loss": loss}), flush=True)
    least = float("inf")
    for line in sys.stdin:
        if line.strip() == "end":
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(json.dumps({"peak": peak, "base": base, "cpu": least}), flush=True)
            break
        taken = [times_of(step) for _ in range(int(line))]
        least = min([least, *(cpu for _, cpu in taken)])
        print(json.dumps([ms for ms, _ in taken]), flush=True)


def times_of(step):
    """Milliseconds of the clock, and of all threads."""
    start, before = time.perf_counter(), time.process_time()
    step()
    return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - before)


def llama(sizes, use_cache=False):
    """A LLaMA of these sizes, drawn."""
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
        use_cache=use_cache,
    )
    return LlamaForCausalLM(config)


def llama_with_adapters(sizes, rank, alpha):
    """The same with LoRA on every matrix of its layers, ready to train."""
    from peft import LoraConfig, get_peft_model

    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    lora = LoraConfig(r=rank, lora_alpha=alpha, target_modules=names, task_type="CAUSAL_LM")
    return get_peft_model(llama(sizes), lora).train()
