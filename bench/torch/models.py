"""The models of the benches, written as one would in PyTorch.

The same layers, sizes and losses as models/blocks and nodes/model.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    def __init__(self, width, heads, ratio=4):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.c_fc, self.c_proj = nn.Linear(width, ratio * width), nn.Linear(ratio * width, width)

    def forward(self, x, causal=False):
        b, n, d = x.shape
        q, k, v = self.qkv(self.ln_1(x)).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        x = x + self.out(a.transpose(1, 2).reshape(b, n, d))
        return x + self.c_proj(quick_gelu(self.c_fc(self.ln_2(x))))


class Encoder(nn.Module):
    """Token features [B, N, D] through blocks, a mean-pooled square as loss: the transformer alone."""

    def __init__(self, width=384, layers=6, heads=6):
        super().__init__()
        self.embed, self.blocks, self.ln, self.head = (
            nn.Linear(width, width),
            nn.ModuleList(Block(width, heads) for _ in range(layers)),
            nn.LayerNorm(width),
            nn.Linear(width, 64),
        )

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        y = self.head(self.ln(x))
        return (y * y).mean()


class Vision(nn.Module):
    def __init__(self, size, patch, width, layers, heads):
        super().__init__()
        tokens = (size // patch) ** 2
        self.conv1 = nn.Conv2d(3, width, patch, patch, bias=False)
        self.class_embedding, self.positional_embedding = nn.Parameter(
            torch.randn(width) * width**-0.5
        ), nn.Parameter(torch.randn(tokens + 1, width) * width**-0.5)
        self.ln_pre, self.ln_post, self.blocks = (
            nn.LayerNorm(width),
            nn.LayerNorm(width),
            nn.ModuleList(Block(width, heads) for _ in range(layers)),
        )

    def forward(self, x):
        x = self.conv1(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(x.shape[0], 1, -1), x], 1) + self.positional_embedding
        x = self.ln_pre(x)
        for block in self.blocks:
            x = block(x)
        return self.ln_post(x[:, 0])


class Text(nn.Module):
    def __init__(self, vocabulary, length, width, layers, heads):
        super().__init__()
        self.token_embedding, self.positional_embedding = nn.Embedding(vocabulary, width), nn.Parameter(
            torch.randn(length, width) * 0.01
        )
        self.blocks, self.ln_final = nn.ModuleList(Block(width, heads) for _ in range(layers)), nn.LayerNorm(width)

    def forward(self, ids):
        x = self.token_embedding(ids) + self.positional_embedding
        for block in self.blocks:
            x = block(x, causal=True)
        x = self.ln_final(x)
        return x[torch.arange(x.shape[0], device=x.device), ids.argmax(-1)]


class Clip(nn.Module):
    def __init__(self, vision, text, embed):
        super().__init__()
        self.vision, self.text = Vision(**vision), Text(**text)
        self.image_projection, self.text_projection = nn.Linear(vision["width"], embed, bias=False), nn.Linear(
            text["width"], embed, bias=False
        )
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, pixels, ids):
        i, t = F.normalize(self.image_projection(self.vision(pixels)), dim=-1), F.normalize(
            self.text_projection(self.text(ids)), dim=-1
        )
        logits, target = self.logit_scale.exp() * i @ t.T, torch.arange(i.shape[0], device=i.device)
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def adamw(model, lr=1e-4, decay=0.1):
    """Decoupled decay on matrices only, as open_clip."""
    matrices = [p for p in model.parameters() if sum(d > 1 for d in p.shape) > 1]
    others = [p for p in model.parameters() if sum(d > 1 for d in p.shape) <= 1]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}],
        lr=lr,
        betas=(0.9, 0.98),
        eps=1e-6,
    )
