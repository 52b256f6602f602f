"""A training step of each system as its authors write it, in eager PyTorch, over drawn weights and inputs.

`systems.py NAME CONSTANTS THREADS`: the constants are those of the template, as JSON; lines on stdin as in served.py.
"""

import json
import re
import sys

import torch
import torch.nn.functional as F
from torch import nn

from served import serve

name, constants, threads = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)


class Sizes:
    def __init__(self, values):
        self.__dict__.update(values)


c = Sizes(constants)
here = torch.arange(c.batch)


# Parts

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
    return (F.cross_entropy(logits, here, label_smoothing=smooth) + F.cross_entropy(logits.T, here, label_smoothing=smooth)) / 2


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


# Systems: each gives its model, and what a step's loss is

class ClipText(nn.Module):
    def __init__(self):
        super().__init__()
        w = c.text_width
        self.word = nn.Embedding(c.vocabulary, w)
        self.pos = nn.Parameter(0.01 * torch.randn(c.context, w))
        self.blocks = blocks(w, c.text_layers, c.text_heads, act=quick_gelu, eps=1e-5)
        self.norm, self.proj = nn.LayerNorm(w), nn.Parameter(w**-0.5 * torch.randn(w, c.embed))

    def forward(self, ids):
        x = self.word(ids) + self.pos
        for block in self.blocks:
            x = block(x, causal=True)
        return self.norm(x)[here, ids.argmax(-1)] @ self.proj


class Clip(nn.Module):
    def __init__(self, tower):
        super().__init__()
        self.tower, self.text, self.scale = tower, ClipText(), nn.Parameter(torch.tensor(2.66))

    def forward(self, pixels, ids):
        return contrast(self.scale.exp() * unit(self.tower(pixels)) @ unit(self.text(ids)).T)


class ClipVit(nn.Module):
    def __init__(self):
        super().__init__()
        w = c.width
        self.patch = nn.Conv2d(3, w, c.patch, c.patch, bias=False)
        self.cls = nn.Parameter(torch.randn(w) * w**-0.5)
        self.pos = nn.Parameter(torch.randn((c.image // c.patch) ** 2 + 1, w) * w**-0.5)
        self.pre, self.post = nn.LayerNorm(w), nn.LayerNorm(w)
        self.blocks = blocks(w, c.layers, c.heads, act=quick_gelu, eps=1e-5)
        self.proj = nn.Parameter(w**-0.5 * torch.randn(w, c.embed))

    def forward(self, pixels):
        x = self.patch(pixels).flatten(2).transpose(1, 2)
        x = self.pre(torch.cat([self.cls.expand(len(x), 1, -1), x], 1) + self.pos)
        for block in self.blocks:
            x = block(x)
        return self.post(x[:, 0]) @ self.proj


class Bottleneck(nn.Module):
    def __init__(self, inp, planes, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inp, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes)
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        way = [nn.AvgPool2d(stride)] if stride > 1 else []
        is_same = stride == 1 and inp == 4 * planes
        self.way = None if is_same else nn.Sequential(*way, nn.Conv2d(inp, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes))

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(self.pool(y))) + (x if self.way is None else self.way(x)))


class ClipResnet(nn.Module):
    def __init__(self):
        super().__init__()
        w, layers = c.width, []
        for a, b, stride in ((3, w // 2, 2), (w // 2, w // 2, 1), (w // 2, w, 1)):
            layers += [nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        layers.append(nn.AvgPool2d(2))
        inp = w
        for stage, count in enumerate(int(n) for n in c.blocks.split(",")):
            for i in range(count):
                layers.append(Bottleneck(inp, w * 2**stage, 2 if stage and not i else 1))
                inp = 4 * w * 2**stage
        self.body = nn.Sequential(*layers)
        self.pos = nn.Parameter(torch.randn((c.image // 32) ** 2 + 1, inp) * inp**-0.5)
        self.q, self.k, self.v = nn.Linear(inp, inp), nn.Linear(inp, inp), nn.Linear(inp, inp)
        self.out = nn.Linear(inp, c.embed)

    def forward(self, pixels):
        x = self.body(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + self.pos
        return self.out(attend(self.q(x[:, :1]), self.k(x), self.v(x), c.pool_heads)[:, 0])


def clip(tower):
    model = Clip(tower())
    ids, _ = texts(c.context, c.vocabulary, 1)
    pixels = pictures(c.image)

    def after():
        with torch.no_grad():
            model.scale.clamp_(0, 4.6052)

    return model, lambda: model(pixels, ids), adamw(model), after


class MbConv(nn.Module):
    def __init__(self, inp, out, k, stride, expand, skips):
        super().__init__()
        mid = inp * expand
        norm = lambda n: nn.BatchNorm2d(n, eps=1e-3, momentum=c.bn_momentum)
        wide = [nn.Conv2d(inp, mid, 1, bias=False), norm(mid), nn.SiLU()] if expand > 1 else []
        self.wide = nn.Sequential(*wide)
        low = k // 2 - (stride == 2)
        self.deep = nn.Sequential(
            nn.ZeroPad2d((low, k // 2, low, k // 2)), nn.Conv2d(mid, mid, k, stride, groups=mid, bias=False), norm(mid), nn.SiLU()
        )
        self.down, self.up = nn.Conv2d(mid, max(1, inp // 4), 1), nn.Conv2d(max(1, inp // 4), mid, 1)
        self.out = nn.Sequential(nn.Conv2d(mid, out, 1, bias=False), norm(out))
        self.skips = skips and stride == 1 and inp == out

    def forward(self, x):
        y = self.deep(self.wide(x))
        y = self.out(y * torch.sigmoid(self.up(F.silu(self.down(y.mean((2, 3), keepdim=True))))))
        return x + y if self.skips else y


class Align(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, c.stem, 3, 2, bias=False)]
        layers += [nn.BatchNorm2d(c.stem, eps=1e-3, momentum=c.bn_momentum), nn.SiLU()]
        for text in c.blocks.split(", "):
            r, k, s, e, i, o = (int(re.search(rf"(?:^|_){letter}(\d)", text)[1]) if letter in "rkse" else
                                int(re.search(rf"_{letter}(\d+)", text)[1]) for letter in "rkseio")
            for n in range(r):
                layers.append(MbConv(o if n else i, o, k, 1 if n else s, e, n > 0 or "noskip" not in text))
        self.image = nn.Sequential(*layers)
        self.words = Words(c.vocabulary, c.text_width, c.positions)
        self.layers = nn.ModuleList(BertLayer(c.text_width, c.text_heads) for _ in range(c.text_layers))
        self.proj, self.temperature = nn.Linear(c.text_width, c.embed), nn.Parameter(torch.tensor(1.0))

    def forward(self, pixels, ids, mask):
        t = self.words(ids)
        for layer in self.layers:
            t = layer(t, added(mask))
        v = self.image(pixels).mean((2, 3))
        return contrast(unit(v) @ unit(self.proj(t[:, 0])).T / self.temperature, c.smoothing)


def align():
    model = Align()
    ids, mask = texts(c.text_len, c.vocabulary)
    pixels = pictures(c.image)
    return model, lambda: model(pixels, ids, mask), Lamb(model.parameters()), None


class Vilt(nn.Module):
    def __init__(self):
        super().__init__()
        w = c.width
        self.words, self.types = Words(c.vocabulary, w, c.text_length), nn.Embedding(2, w)
        self.patch = nn.Conv2d(3, w, c.patch, c.patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, w))
        self.pos = nn.Parameter(0.02 * torch.randn(1, 1 + c.grid**2, w))
        self.blocks, self.norm = blocks(w, c.layers, c.heads), nn.LayerNorm(w, 1e-6)
        self.pooler, self.match, self.head = nn.Linear(w, w), nn.Linear(w, 2), WordHead(c.vocabulary, w)

    def pictures(self, pixels):
        x = self.patch(pixels)
        side = x.shape[2]
        m = (pixels.sum(1) != 0).float()[:, None]
        m = F.interpolate(m, size=(side, side))[:, 0].long()
        hs, ws = m[:, :, 0].sum(1), m[:, 0, :].sum(1)
        grid = self.pos[:, 1:].transpose(1, 2).unflatten(2, (c.grid, c.grid))
        pos = torch.cat([
            F.pad(F.interpolate(grid, size=(h, w), mode="bilinear", align_corners=True), (0, side - w, 0, side - h))
            for h, w in zip(hs.tolist(), ws.tolist())
        ])
        x, pos, m = x.flatten(2).transpose(1, 2), pos.flatten(2).transpose(1, 2), m.flatten(1)
        select = (m + torch.rand(m.shape)).argsort(1, descending=True)[:, : c.patches]
        row = here[:, None]
        x, m = (x + pos)[row, select], m[row, select]
        x = torch.cat([(self.cls + self.pos[:, :1]).expand(c.batch, -1, -1), x], 1) + self.types.weight[1]
        return x, torch.cat([torch.ones(c.batch, 1, dtype=torch.long), m], 1)

    def forward(self, ids, mask, pixels):
        v, vm = self.pictures(pixels)
        x, keep = torch.cat([self.words(ids) + self.types.weight[0], v], 1), torch.cat([mask, vm], 1)
        bias = torch.zeros(keep.shape).masked_fill(keep == 0, float("-inf"))[:, None, None, :]
        for block in self.blocks:
            x = block(x, bias)
        x = self.norm(x)
        return x[:, : c.text_length], x[:, c.text_length :], vm


@torch.no_grad()
def ipot(cost, tok, pat):
    tok, pat = tok.float(), pat.float()
    nt, n_p = tok.sum(1, keepdim=True), pat.sum(1, keepdim=True)
    a = torch.exp(-cost.transpose(1, 2) / 0.5) * pat[:, :, None] * tok[:, None, :]
    plan, sigma = pat[:, :, None] * tok[:, None, :], tok / nt
    for _ in range(50):
        q = a * plan
        delta = pat / (n_p * (q @ sigma[:, :, None])[:, :, 0] + (1 - pat))
        sigma = tok / (nt * (delta[:, None, :] @ q)[:, 0] + (1 - tok))
        plan = delta[:, :, None] * q * sigma[:, None, :]
    return plan


def vilt():
    model = Vilt()
    ids, mask = texts(c.text_length, c.vocabulary)
    pixels = F.pad(pictures(c.side), (0, c.canvas - c.side, 0, c.canvas - c.side))

    def loss():
        masked_ids, labels = masked(ids, mask, c.mlm_share, [0, 2, 3])
        t, _, _ = model(masked_ids, mask, pixels)
        mlm = F.cross_entropy(model.head(t).flatten(0, 1), labels.flatten())
        y = (torch.arange(c.batch) < c.batch // 2).long()[torch.randperm(c.batch)]
        mixed = torch.where(y[:, None, None, None] == 1, pixels, pixels[torch.randperm(c.batch)])
        t, v, vm = model(ids, mask, mixed)
        itm = F.cross_entropy(model.match(torch.tanh(model.pooler(t[:, 0]))), y)
        tok, pat = mask.clone(), vm.clone()
        tok[:, 0] = 0
        tok[here, mask.sum(1) - 1] = 0
        pat[:, 0] = 0
        cost = (1 - F.normalize(t, dim=-1, eps=1e-5) @ F.normalize(v, dim=-1, eps=1e-5).transpose(1, 2)) * tok[:, :, None] * pat[:, None]
        distance = torch.einsum("bmn,bnm->b", cost, ipot(cost.detach(), tok, pat))
        return mlm + itm + 0.1 * (distance[y == 1].sum() - distance[y == 0].sum()) / c.batch

    return model, loss, adamw(model), None


class Albef(nn.Module):
    def __init__(self):
        super().__init__()
        w = c.text_width
        self.vision = Vit(c.vision_width, c.vision_layers, c.vision_heads, c.patch, (32 // c.patch) ** 2)
        self.words = Words(c.vocabulary, w, c.positions)
        self.layers = nn.ModuleList(
            BertLayer(w, c.text_heads, c.vision_width if i >= c.fusion_layer else None) for i in range(c.text_layers)
        )
        self.image_proj, self.text_proj = nn.Linear(c.vision_width, c.embed), nn.Linear(w, c.embed)
        self.head = WordHead(c.vocabulary, w, self.words.word.weight)

    def image(self, pixels):
        v = self.vision(pixels)
        return v, unit(self.image_proj(v[:, 0]))

    def run(self, t, mask, context, first, last):
        for layer in self.layers[first:last]:
            t = layer(t, mask, context)
        return t

    def text(self, ids, mask):
        t = self.run(self.words(ids), mask, None, 0, c.fusion_layer)
        return t, unit(self.text_proj(t[:, 0]))

    def mlm(self, ids, mask, v):
        return self.head(self.run(self.words(ids), mask, v, 0, c.text_layers))


def albef():
    model, teacher = Albef(), Albef()
    temp, match = nn.Parameter(torch.tensor(c.temperature)), nn.Linear(c.text_width, 2)
    momentum = Momentum([model], [teacher])
    ids, mask = texts(c.text_length, c.vocabulary)
    pixels, pad = pictures(32), added(mask)

    def loss():
        with torch.no_grad():
            temp.clamp_(0.001, 0.5)
        v, fi = model.image(pixels)
        t, ft = model.text(ids, pad)
        with torch.no_grad():
            momentum.follow()
            v_m, fi_m = teacher.image(pixels)
            _, ft_m = teacher.text(ids, pad)
        itc, s_i, s_t = momentum.contrast(fi, ft, fi_m, ft_m, temp)
        ni, nt = negatives(s_i, s_t)
        states, pads, images = torch.cat([t, t, t[nt]]), torch.cat([pad, pad, pad[nt]]), torch.cat([v, v[ni], v])
        itm = matched(match(model.run(states, pads, images, c.fusion_layer, c.text_layers)[:, 0]))
        masked_ids, labels = masked(ids, mask, c.mlm_probability, [0, 2])
        with torch.no_grad():
            opinion = teacher.mlm(masked_ids, pad, v_m).softmax(-1)
        logits = model.mlm(masked_ids, pad, v)
        truth = F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        distilled = -(logits.log_softmax(-1) * opinion).sum(-1)[labels != -100].mean()
        return itc + itm + (1 - c.alpha) * truth + c.alpha * distilled

    return nn.ModuleList([model, match, nn.ParameterList([temp])]), loss, None, None


class Blip(nn.Module):
    def __init__(self):
        super().__init__()
        w = c.text_width
        self.vision = Vit(c.vision_width, c.vision_layers, c.vision_heads, c.patch, (32 // c.patch) ** 2)
        self.words = Words(c.vocabulary, w, c.positions, types=0)
        self.layers = nn.ModuleList(BertLayer(w, c.text_heads, c.vision_width) for _ in range(c.text_layers))
        self.image_proj, self.text_proj = nn.Linear(c.vision_width, c.embed), nn.Linear(w, c.embed)

    def image(self, pixels):
        v = self.vision(pixels)
        return v, unit(self.image_proj(v[:, 0]))

    def run(self, ids, mask, context=None, attentions=None):
        t = self.words(ids)
        for i, layer in enumerate(self.layers):
            t = layer(t, mask, context, attentions and attentions[i])
        return t

    def text(self, ids, mask):
        return unit(self.text_proj(self.run(ids, mask)[:, 0]))


def blip():
    model, teacher = Blip(), Blip()
    own = nn.ModuleList(Attention(c.text_width, c.text_heads) for _ in range(c.text_layers))
    temp, match = nn.Parameter(torch.tensor(c.temperature)), nn.Linear(c.text_width, 2)
    head = WordHead(c.vocabulary, c.text_width, model.words.word.weight)
    momentum = Momentum([model], [teacher])
    ids, mask = texts(c.text_length, c.words)
    pixels, pad = pictures(32), added(mask)
    see = mask[:, None, None, :] * torch.ones(c.text_length, c.text_length, dtype=torch.long).tril()
    causal = (1.0 - see.float()) * -10000.0

    def loss():
        with torch.no_grad():
            temp.clamp_(0.001, 0.5)
        v, fi = model.image(pixels)
        ft = model.text(ids, pad)
        with torch.no_grad():
            momentum.follow()
            _, fi_m = teacher.image(pixels)
            ft_m = teacher.text(ids, pad)
        itc, s_i, s_t = momentum.contrast(fi, ft, fi_m, ft_m, temp)
        ni, nt = negatives(s_i, s_t, 1e-4)
        enc, dec = ids.clone(), ids.clone()
        enc[:, 0], dec[:, 0] = c.enc_token, c.dec_token
        all_ids, pads, images = torch.cat([enc, enc, enc[nt]]), torch.cat([pad, pad, pad[nt]]), torch.cat([v, v[ni], v])
        itm = matched(match(model.run(all_ids, pads, images)[:, 0]))
        logits = head(model.run(dec, causal, v, own))
        labels = torch.where(dec == 0, -100, dec)
        lm = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), label_smoothing=0.1)
        return itc + itm + lm

    return nn.ModuleList([model, own, match, head, nn.ParameterList([temp])]), loss, None, None


class MultiwayBlock(nn.Module):
    def __init__(self, width, heads, has_vl):
        super().__init__()
        self.heads = heads
        self.norm1, self.qkv, self.proj = nn.LayerNorm(width, 1e-6), nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.q_bias, self.v_bias = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(width))
        self.gamma1, self.gamma2 = nn.Parameter(0.1 * torch.ones(width)), nn.Parameter(0.1 * torch.ones(width))
        kinds = ("text", "image", "vl") if has_vl else ("text", "image")
        self.norms = nn.ModuleDict({k: nn.LayerNorm(width, 1e-6) for k in kinds})
        self.mlps = nn.ModuleDict({k: Mlp(width) for k in kinds})

    def expert(self, kind, x):
        return x + self.gamma2 * self.mlps[kind](self.norms[kind](x))

    def forward(self, x, mode, bias):
        qkv_bias = torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])
        q, k, v = F.linear(self.norm1(x), self.qkv.weight, qkv_bias).chunk(3, -1)
        x = x + self.gamma1 * self.proj(attend(q, k, v, self.heads, bias))
        if mode != "vl" or "vl" in self.mlps:
            return self.expert(mode, x)
        return torch.cat([self.expert("text", x[:, : c.text_length]), self.expert("image", x[:, c.text_length :])], 1)


class Vlmo(nn.Module):
    def __init__(self):
        super().__init__()
        w = c.width
        self.words, self.types = Words(c.vocabulary, w, 0), nn.Embedding(2, w)
        self.patch, self.cls = nn.Conv2d(3, w, c.patch, c.patch), nn.Parameter(torch.zeros(1, 1, w))
        self.blocks = nn.ModuleList(MultiwayBlock(w, c.heads, i >= c.vl_from) for i in range(c.layers))
        rows = (2 * c.grid - 1) ** 2 + 3 + 2 * c.first_length + 2
        self.table = nn.Parameter(torch.zeros(rows, c.heads * c.layers))
        self.norm, self.pooler, self.match = nn.LayerNorm(w, 1e-6), nn.Linear(w, w), nn.Linear(w, 2)
        self.head = WordHead(c.vocabulary, w)
        self.projs = nn.ModuleList(nn.Linear(w, w, bias=False) for _ in range(4))
        self.scales = nn.Parameter(torch.full((2,), 2.66))
        n, t = c.patches + 1, c.text_length
        self.index = [torch.randint(0, rows, (m, m)) for m in (t, n, t + n)]

    def biases(self, which, mask):
        bias = F.embedding(self.index[which], self.table).permute(2, 0, 1).chunk(c.layers)
        keys = torch.zeros(mask.shape).masked_fill(mask == 0, float("-inf"))[:, None, None, :]
        return [b[None] + keys for b in bias]

    def text(self, ids):
        return self.words(ids) + self.types.weight[0]

    def image(self, pixels):
        x = self.patch(pixels).flatten(2).transpose(1, 2)
        return torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.types.weight[1]

    def run(self, x, mode, bias, first=0, last=None):
        for i in range(first, c.layers if last is None else last):
            x = self.blocks[i](x, mode, bias[i])
        return x

    def joint(self, text, mask, image):
        mask = torch.cat([mask, torch.ones(image.shape[:2], dtype=torch.long)], 1)
        return self.norm(self.run(torch.cat([text, image], 1), "vl", self.biases(2, mask)))

    def alone(self, x, mode, which, mask, projs):
        bias = self.biases(which, mask)
        below = self.run(x, mode, bias, 0, c.vl_from)
        top, vl = self.run(below, mode, bias, c.vl_from), self.run(below, "vl", bias, c.vl_from)
        return [unit(p(self.norm(y)[:, 0])) for p, y in zip(projs, (top, vl))]


def vlmo():
    model = Vlmo()
    ids, mask = texts(c.text_length, c.vocabulary)
    pixels = pictures(c.image)

    def loss():
        image = model.image(pixels)
        masked_ids, labels = masked(ids, mask, c.mlm_share, [0, 2, 3])
        logits = model.head(model.joint(model.text(masked_ids), mask, image)[:, : c.text_length])
        mlm = F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        text, ones = model.text(ids), torch.ones(image.shape[:2], dtype=torch.long)
        fi, fi_vl = model.alone(image, "image", 1, ones, model.projs[:2])
        ft, ft_vl = model.alone(text, "text", 0, mask, model.projs[2:])
        scale, scale_vl = model.scales.exp()
        sim = scale * fi @ ft.T
        itc = (contrast(sim) + contrast(scale_vl * fi_vl @ ft_vl.T)) / 2
        ni, nt = negatives(sim.detach(), sim.detach().T)
        joint = model.joint(torch.cat([text, text, text[nt]]), torch.cat([mask, mask, mask[nt]]), torch.cat([image, image[ni], image]))
        itm = matched(model.match(torch.tanh(model.pooler(joint[:, 0]))))
        return itc + itm + 0.25 * mlm

    return model, loss, adamw(model), None


class Mae(nn.Module):
    def __init__(self):
        super().__init__()
        w, d = c.width, c.decoder_width
        self.patch, self.cls = nn.Conv2d(3, w, c.patch, c.patch), nn.Parameter(torch.zeros(1, 1, w))
        self.register_buffer("pos", torch.randn(1, c.patches + 1, w))
        self.register_buffer("decoder_pos", torch.randn(1, c.patches + 1, d))
        self.blocks, self.norm = blocks(w, c.layers, c.heads), nn.LayerNorm(w, 1e-6)
        self.embed, self.mask = nn.Linear(w, d), nn.Parameter(torch.zeros(1, 1, d))
        self.decoder, self.decoder_norm = blocks(d, c.decoder_layers, c.decoder_heads), nn.LayerNorm(d, 1e-6)
        self.pred = nn.Linear(d, 3 * c.patch**2)

    def forward(self, pixels):
        x = self.patch(pixels).flatten(2).transpose(1, 2) + self.pos[:, 1:]
        b, n, _ = x.shape
        keep = int(n * (1 - c.mask_ratio))
        order = torch.rand(b, n).argsort(1)
        restore = order.argsort(1)
        pick = lambda y, index: torch.gather(y, 1, index[:, :, None].expand(-1, -1, y.shape[2]))
        x = torch.cat([(self.cls + self.pos[:, :1]).expand(b, -1, -1), pick(x, order[:, :keep])], 1)
        for block in self.blocks:
            x = block(x)
        x = self.embed(self.norm(x))
        full = pick(torch.cat([x[:, 1:], self.mask.expand(b, n - keep, -1)], 1), restore)
        x = torch.cat([x[:, :1], full], 1) + self.decoder_pos
        for block in self.decoder:
            x = block(x)
        x = self.pred(self.decoder_norm(x))[:, 1:]
        s, p = c.image // c.patch, c.patch
        y = pixels.reshape(b, 3, s, p, s, p).permute(0, 2, 4, 3, 5, 1).reshape(b, n, -1)
        y = (y - y.mean(-1, keepdim=True)) / (y.var(-1, keepdim=True) + 1e-6).sqrt()
        gone = (restore >= keep).float()
        return (((x - y) ** 2).mean(-1) * gone).sum() / gone.sum()


def mae():
    model = Mae()
    pixels = pictures(c.image)
    return model, lambda: model(pixels), adamw(model), None


systems = {
    "clip-vit-train": lambda: clip(ClipVit),
    "clip-resnet-train": lambda: clip(ClipResnet),
    "align-train": align,
    "vilt": vilt,
    "albef-pretrain": albef,
    "vlmo": vlmo,
    "blip-pretrain": blip,
    "mae-pretrain": mae,
}
model, loss_of, optimizer, after = systems[name]()
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
