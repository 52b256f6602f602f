"""What the systems are made of: layers, losses and optimizers, with sizes of the template that is measured."""

import json
import sys

import torch
import torch.nn.functional as F
from torch import nn

constants, threads = json.loads(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)


class Sizes:
    def __init__(self, values):
        self.__dict__.update(values)


c = Sizes(constants)
here = torch.arange(c.batch)


def attend(q, k, v, heads, mask=None, causal=False):
    q, k, v = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal).transpose(1, 2).flatten(2)


class Mlp(nn.Module):
    def __init__(self, width, act=F.gelu):
        super().__init__()
        self.fc1, self.fc2, self.act = nn.Linear(width, 4 * width), nn.Linear(4 * width, width), act

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    """Pre-norm, as timm and CLIP have it."""

    def __init__(self, width, heads, act=F.gelu, eps=1e-6):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)
        self.qkv, self.proj, self.mlp = nn.Linear(width, 3 * width), nn.Linear(width, width), Mlp(width, act)

    def forward(self, x, mask=None, causal=False):
        q, k, v = self.qkv(self.norm1(x)).chunk(3, -1)
        x = x + self.proj(attend(q, k, v, self.heads, mask, causal))
        return x + self.mlp(self.norm2(x))


def blocks(width, layers, heads, **more):
    return nn.ModuleList(Block(width, heads, **more) for _ in range(layers))


class Vit(nn.Module):
    def __init__(self, width, layers, heads, patch, tokens):
        super().__init__()
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.pos = nn.Parameter(0.02 * torch.randn(1, tokens + 1, width))
        self.blocks, self.norm = blocks(width, layers, heads), nn.LayerNorm(width, 1e-6)

    def forward(self, pixels):
        x = self.patch(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Attention(nn.Module):
    """BERT's: to itself or to a context, and a norm behind it."""

    def __init__(self, width, heads, context=None):
        super().__init__()
        self.heads, context = heads, context or width
        self.q, self.k, self.v = nn.Linear(width, width), nn.Linear(context, width), nn.Linear(context, width)
        self.out, self.norm = nn.Linear(width, width), nn.LayerNorm(width, 1e-12)

    def forward(self, x, y=None, mask=None):
        y = x if y is None else y
        return self.norm(x + self.out(attend(self.q(x), self.k(y), self.v(y), self.heads, mask)))


class BertLayer(nn.Module):
    def __init__(self, width, heads, context=None):
        super().__init__()
        self.attention = Attention(width, heads)
        self.cross = Attention(width, heads, context) if context else None
        self.mlp, self.norm = Mlp(width), nn.LayerNorm(width, 1e-12)

    def forward(self, x, mask, context=None, attention=None):
        x = (attention or self.attention)(x, mask=mask)
        if context is not None and self.cross is not None:
            x = self.cross(x, context)
        return self.norm(x + self.mlp(x))


class Words(nn.Module):
    def __init__(self, vocabulary, width, positions, types=2):
        super().__init__()
        self.word = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(positions, width) if positions else None
        self.kind = nn.Embedding(types, width) if types else None
        self.norm = nn.LayerNorm(width, 1e-12)

    def forward(self, ids):
        x = self.word(ids)
        if self.position is not None:
            x = x + self.position.weight[: ids.shape[1]]
        if self.kind is not None:
            x = x + self.kind.weight[0]
        return self.norm(x)


class WordHead(nn.Module):
    def __init__(self, vocabulary, width, tied=None):
        super().__init__()
        self.dense, self.norm = nn.Linear(width, width), nn.LayerNorm(width, 1e-12)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.table = nn.Parameter(0.02 * torch.randn(vocabulary, width)) if tied is None else tied

    def forward(self, x):
        return F.linear(self.norm(F.gelu(self.dense(x))), self.table, self.bias)


def pictures(side):
    return torch.randn(c.batch, 3, side, side)


def texts(length, vocabulary, least=6):
    ids = torch.randint(least, vocabulary, (c.batch, length))
    mask = (torch.arange(length) < torch.randint(length // 2, length + 1, (c.batch, 1))).long()
    return ids * mask, mask


def added(mask):
    return (1.0 - mask[:, None, None, :].float()) * -10000.0


def unit(x):
    return F.normalize(x, dim=-1)


def contrast(logits, smooth=0.0):
    rows = F.cross_entropy(logits, here, label_smoothing=smooth)
    return (rows + F.cross_entropy(logits.T, here, label_smoothing=smooth)) / 2


def masked(ids, mask, share, spared):
    chosen = (torch.rand(ids.shape) < share) & (mask == 1) & ~torch.isin(ids, torch.tensor(spared))
    chosen[:, 1] = True
    labels = torch.where(chosen, ids, torch.full_like(ids, -100))
    kind = torch.rand(ids.shape)
    random = torch.randint(6, c.vocabulary, ids.shape)
    return torch.where(chosen & (kind < 0.8), 4, torch.where(chosen & (kind > 0.9), random, ids)), labels


def adamw(model):
    return torch.optim.AdamW(model.parameters(), c.lr, (c.beta1, c.beta2), c.epsilon, c.decay)


class Lamb(torch.optim.Optimizer):
    """As in the paper, over lists of tensors."""

    def __init__(self, params):
        super().__init__(params, {})
        self.t = 0

    @torch.no_grad()
    def step(self):
        self.t += 1
        params = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        grads = [p.grad for p in params]
        if self.t == 1:
            self.m, self.v = [torch.zeros_like(p) for p in params], [torch.zeros_like(p) for p in params]
        torch._foreach_lerp_(self.m, grads, 1 - c.beta1)
        torch._foreach_mul_(self.v, c.beta2)
        torch._foreach_addcmul_(self.v, grads, grads, 1 - c.beta2)
        down = torch._foreach_sqrt(torch._foreach_div(self.v, 1 - c.beta2**self.t))
        torch._foreach_add_(down, c.epsilon)
        update = torch._foreach_div(torch._foreach_div(self.m, 1 - c.beta1**self.t), down)
        torch._foreach_add_(update, params, alpha=c.decay)
        for p, u, w, n in zip(params, update, torch._foreach_norm(params), torch._foreach_norm(update)):
            p.add_(u, alpha=-c.lr * (float(w / n) if w > 0 and n > 0 else 1.0))


class Momentum:
    """A copy of some modules that follows them, and the queues of its features."""

    def __init__(self, modules, copies):
        self.own = [p for m in modules for p in m.parameters()]
        self.copy = [p for m in copies for p in m.parameters()]
        for p, q in zip(self.own, self.copy):
            q.data.copy_(p.data)
            q.requires_grad_(False)
        self.images = F.normalize(torch.randn(c.embed, c.queue), dim=0)
        self.texts = F.normalize(torch.randn(c.embed, c.queue), dim=0)
        self.at = 0

    @torch.no_grad()
    def follow(self):
        torch._foreach_lerp_(self.copy, self.own, 1 - c.momentum)

    @torch.no_grad()
    def enqueue(self, images, texts):
        self.images[:, self.at : self.at + c.batch] = images.T
        self.texts[:, self.at : self.at + c.batch] = texts.T
        self.at = (self.at + c.batch) % c.queue

    def contrast(self, fi, ft, fi_m, ft_m, temp):
        all_t, all_i = torch.cat([ft_m.T, self.texts], 1), torch.cat([fi_m.T, self.images], 1)
        with torch.no_grad():
            hard = torch.zeros(c.batch, all_t.shape[1])
            hard.fill_diagonal_(1)
            y_i = c.alpha * (fi_m @ all_t / temp).softmax(1) + (1 - c.alpha) * hard
            y_t = c.alpha * (ft_m @ all_i / temp).softmax(1) + (1 - c.alpha) * hard
        s_i, s_t = fi @ all_t / temp, ft @ all_i / temp
        loss = -(y_i * s_i.log_softmax(1)).sum(1).mean() / 2 - (y_t * s_t.log_softmax(1)).sum(1).mean() / 2
        self.enqueue(fi_m, ft_m)
        return loss, s_i[:, : c.batch], s_t[:, : c.batch]


@torch.no_grad()
def negatives(s_i, s_t, floor=0.0):
    w_i, w_t = s_i.softmax(1) + floor, s_t.softmax(1) + floor
    w_i.fill_diagonal_(0)
    w_t.fill_diagonal_(0)
    return torch.multinomial(w_t, 1)[:, 0], torch.multinomial(w_i, 1)[:, 0]


def matched(logits):
    return F.cross_entropy(logits, torch.cat([torch.ones(c.batch), torch.zeros(2 * c.batch)]).long())
