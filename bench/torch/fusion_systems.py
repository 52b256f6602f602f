"""ViLT, ALBEF, VLMo and BLIP: each gives its model, what the loss of a step is, and its optimizer."""

import torch
import torch.nn.functional as F
from torch import nn

from system_parts import (
    adamw, added, attend, Attention, BertLayer, blocks, c, contrast, here, masked, matched, Mlp, Momentum,
    negatives, pictures, texts, unit, Vit, WordHead, Words,
)


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
        cosines = F.normalize(t, dim=-1, eps=1e-5) @ F.normalize(v, dim=-1, eps=1e-5).transpose(1, 2)
        cost = (1 - cosines) * tok[:, :, None] * pat[:, None]
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
        all_ids, pads = torch.cat([enc, enc, enc[nt]]), torch.cat([pad, pad, pad[nt]])
        images = torch.cat([v, v[ni], v])
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
        self.norm1, self.proj = nn.LayerNorm(width, 1e-6), nn.Linear(width, width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
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
        texts_of, masks = torch.cat([text, text, text[nt]]), torch.cat([mask, mask, mask[nt]])
        joint = model.joint(texts_of, masks, torch.cat([image, image[ni], image]))
        itm = matched(model.match(torch.tanh(model.pooler(joint[:, 0]))))
        return itc + itm + 0.25 * mlm

    return model, loss, adamw(model), None
