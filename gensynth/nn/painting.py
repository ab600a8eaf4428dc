"""Images painted in the style of others, by optimising their pixels.

With F(x) what features show at the layer of the content, m_l(x) and C_l(x) the mean and the covariance of layer l over
all pixels, c the content and s the style, the image x makes small

    w |F(x) - F(c)|^2 / |F(c)|^2 + mean_l (|m_l(x) - m_l|^2 / |m_l|^2 + |C_l(x) - C_l|^2 / |C_l|^2) + v |grad x|^2
    m_l = (1 - a) m_l(c) + a m_l(s),   C_l = (1 - a) C_l(c) + a C_l(s),   a the strength

beginning at the content. Each layer is measured against its own size, so that none rules whatever its weights.

References: Gatys et al. 2016, "Image Style Transfer Using Convolutional Neural Networks", CVPR, eq. 1 to 7; He et al.
2016, arXiv:1606.04801, sec. 4 (layers of like weight).

DIFFERS from Gatys et al.: means and covariances in place of Gram matrices, which are C + m m': of random features m m'
is nearly all of it, and textures are lost. The strength, the weights of layers, and where it begins, there at noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from .features import Features
from .lbfgs import Lowered, lower

CONTENT = 0.1  # w
STEPS = 70
TINY = 1e-8

Look = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Aim:
    """What painted images should show.

    Shape: content (n, c, h, w); look, a mean (n, c_l, 1) and a covariance (n, c_l, c_l) for each layer.
    """

    features: Features
    content: Tensor
    look: Look
    variation: float = 0.0

    @classmethod
    @torch.no_grad()
    def of(cls, features: Features, content: Tensor, styles: Sequence[Tensor], strength: Tensor,
           variation: float = 0.0) -> Self:  # fmt: skip
        """Return the aim of images. Shape: content (n, 3, h, w); n styles (1, 3, H, W), in [0, 1]; strength (n,)."""
        own, a = features(content), strength[:, None, None].to(content)
        each = [looks(features(style).style) for style in styles]
        look = []
        for layer, (m, c) in enumerate(looks(own.style)):
            n, d = (torch.cat([one[layer][part] for one in each]) for part in (0, 1))
            look.append((torch.lerp(m, n, a), torch.lerp(c, d, a)))
        return cls(features, own.content, look, variation)

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the three terms, weighted. Shape: (n, 3, h, w) to (n,) each."""
        seen = self.features(x)
        pairs = zip(looks(seen.style), self.look, strict=False)
        style = [_apart(m, n) + _apart(c, d) for (m, c), (n, d) in pairs]
        slopes = sum((x.diff(dim=axis) ** 2).mean((1, 2, 3)) for axis in (2, 3) if x.shape[axis] > 1)
        content, smooth = CONTENT * _apart(seen.content, self.content), self.variation * torch.as_tensor(slopes)
        return content, torch.stack(style).mean(0), smooth.expand(len(x))

    def loss(self, x: Tensor) -> Tensor:
        """Return what is made small. Shape: (n, 3, h, w) to (n,)."""
        content, style, smooth = self.parts(x)
        return content + style + smooth if self.variation else content + style


def painted(aim: Aim, x: Tensor, steps: int = STEPS) -> Lowered:
    """Return images that come near an aim, not clamped: x (n, 3, h, w), loss, and so on. Shape: x (n, 3, h, w)."""
    made = lower(lambda flat: aim.loss(flat.view(x.shape)), x.flatten(1), steps)
    made.x = made.x.view(x.shape)
    return made


def looks(layers: list[Tensor]) -> Look:
    """Return means and covariances of layers (n, c, h, w) over their pixels.

    >>> [(mean, covariance)] = looks([torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])])
    >>> mean.tolist(), covariance.tolist()
    ([[[2.0], [1.0]]], [[[1.0, -1.0], [-1.0, 1.0]]])
    """
    found = []
    for h in layers:
        flat = h.flatten(2)
        mean = flat.mean(2, keepdim=True)
        apart = flat - mean
        found.append((mean, torch.bmm(apart, apart.transpose(1, 2)) / flat.shape[2]))
    return found


def _apart(here: Tensor, there: Tensor) -> Tensor:
    """Return squared distances over the squares of one. Shape: (n, ...) twice, to (n,)."""
    return ((here - there) ** 2).flatten(1).sum(1) / ((there**2).flatten(1).sum(1) + TINY)
