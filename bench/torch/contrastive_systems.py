"""CLIP, ALIGN and MAE: each gives its model, what the loss of a step is, its optimizer, and what comes after."""

import re

import torch
import torch.nn.functional as F
from torch import nn

from system_parts import (
    adamw, added, attend, BertLayer, blocks, c, contrast, here, Lamb, pictures, quick_gelu, texts, unit,
    Words,
)


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
        way += [nn.Conv2d(inp, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes)]
        self.way = None if is_same else nn.Sequential(*way)

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
            nn.ZeroPad2d((low, k // 2, low, k // 2)),
            nn.Conv2d(mid, mid, k, stride, groups=mid, bias=False),
            norm(mid),
            nn.SiLU(),
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
