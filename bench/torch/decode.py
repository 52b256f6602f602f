"""A drawn LLaMA that writes greedily, measured as bench/decode/ours.ts. Its sizes come as JSON."""

import json
import resource
import statistics
import sys
import time

import torch
from served import llama

sizes, precision, device = json.loads(sys.argv[1]), *sys.argv[2:4]
torch.manual_seed(0)
model = llama(sizes, use_cache=True).eval().to(device, getattr(torch, precision))


def prompt(length, seed=0):
    return [((i + 1) * 7919 + seed * 104_729) % 49_000 for i in range(length)]


def timed(work):
    start = time.perf_counter()
    result = work()
    return 1000 * (time.perf_counter() - start), result


@torch.inference_mode()
def first(prompts):
    given = model(torch.tensor(prompts, device=device), use_cache=True, logits_to_keep=1)
    # Reading a token waits for the device, as one that is streamed does.
    return given.past_key_values, given.logits[:, -1].argmax(-1).tolist()


@torch.inference_mode()
def following(cache, tokens):
    given = model(torch.tensor(tokens, device=device)[:, None], past_key_values=cache, use_cache=True)
    return given.logits[:, -1].argmax(-1).tolist()


def write(prompts, steps, warm=4):
    cache, tokens = first(prompts)
    times = []
    for _ in range(steps + warm):
        ms, tokens = timed(lambda: following(cache, tokens))
        times.append(ms)
    return 1000 * len(prompts) / statistics.median(times[warm:])


write([prompt(32)], 4)
prefill = [timed(lambda i=i: first([prompt(512, i)]))[0] for i in range(4)][1:]
figures = {
    "decode": write([prompt(32)], 48),
    "decodeLate": write([prompt(960)], 24),
    "prefill": 1000 * 512 / statistics.median(prefill),
    "batch": write([prompt(32, i) for i in range(8)], 24),
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}
print(json.dumps(figures))
