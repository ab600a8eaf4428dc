"""A network that gives images the style of others in one pass, learned from the images at hand.

With E an encoder to a grid of a quarter of the sides, D a decoder back, and m(h), s(h) the mean and the standard
deviation of each channel of a grid over its pixels, the style of an image is e(x) = (m(E x), log s(E x)), and

    x_e = x + D(n(E x) exp(e_s) + e_m) - D(E x),   n(h) = (h - m(h)) / s(h)

Only what the style changes is added, so that the detail of x, which no grid of a quarter holds, stays: with its own
style an image comes back as it is. D ends at half the sides and is enlarged evenly, as a last doubling drew grids.
Training takes as style e(y) of another image y of the batch, and makes small, with F_l and the content's layer F of
fixed features

    |D(E x) - x| + w |n(F x_e) - n(F x)|^2
        + mean_l (|m(F_l x_e) - m(F_l y)|^2 / |m(F_l y)|^2 + |C(F_l x_e) - C(F_l y)|^2 / |C(F_l y)|^2)

with covariances C. The first two terms are means over the batch and its pixels; of the others squares are summed over
the batch, above and below.

References: Huang and Belongie 2017, arXiv:1703.06868, eq. 8, 12 and 13; Jackson et al. 2019, arXiv:1809.05375, sec. 3
(random styles); Odena et al. 2016, "Deconvolution and checkerboard artifacts", Distill (enlarged, then convolved).

DIFFERS from Huang and Belongie: the encoder is learned too, which needs the first term; what is changed is added to the
image; the features that judge are others than the encoder's, and by covariances, as by deviations alone hardly more
than colours change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from .codes import normal
from .features import Features, mirrored
from .image_vae import scaled
from .painting import looks
from .task import Task

WIDTHS = (32, 64, 64)
CONTENT = 0.1  # w
EPS, TINY = 1e-5, 1e-8  # so that nothing is divided by 0


class AdaIN(Task):
    """Encoder and decoder. Examples are x (n, 3, h, w) of uint8.

    Arguments:
        features: what judges style and content.
        lr: AdamW's largest rate, above 0.
        rng: draws the first weights.
    """

    least = 2  # as one takes the style of another

    def __init__(self, features: Features | None, *, lr: float = 5e-4, rng: torch.Generator) -> None:
        super().__init__()
        self.lr = lr
        a, b, c = WIDTHS
        layer = partial(Conv, rng)
        self.down = nn.ModuleList([layer(3, a), layer(a, b, 2), layer(b, c, 2), layer(c, c)])
        self.up = nn.ModuleList([layer(c, c), layer(c, b), layer(b, 3)])
        self.judge = [features]  # in a list, as its weights are not this network's

    # Giving styles -----------------------------------------------------------------------------------------------

    def encode(self, x: Tensor) -> Tensor:
        """Return grids of images. Shape: (n, 3, h, w) in [0, 1], at least 4 pixels a side, to (n, c, h', w')."""
        h, last = x * 2 - 1, len(self.down) - 1
        for number, layer in enumerate(self.down):
            h = layer(h)
            h = F.silu(h) if number < last else h
        return h

    def decode(self, h: Tensor, size: tuple[int, int]) -> Tensor:
        """Return images of grids, in [0, 1]. Shape: (n, c, h', w') to (n, 3, *size)."""
        first, second, last = self.up
        h = F.silu(second(doubled(F.silu(first(h)))))
        half = (last(h).tanh() + 1) / 2  # without bounds one batch can spoil all
        made: Tensor = F.interpolate(half, scale_factor=2.0, mode="bilinear")[..., : size[0], : size[1]]
        return made

    def style(self, x: Tensor) -> Tensor:
        """Return the style of images. Shape: (n, 3, h, w) in [0, 1] to (n, 2 c): means, then logarithms."""
        return style_of(self.encode(x))

    def restyle(self, x: Tensor, e: Tensor, strength: Tensor) -> Tensor:
        """Return images nearer to a style, in no range. Shape: x (n, 3, h, w), e (n, 2 c), strength (n,)."""
        h = self.encode(x)
        made, back = self._decoded(h, torch.lerp(style_of(h), e, strength[:, None].to(x)), _size(x))
        return x + made - back

    def _decoded(self, h: Tensor, e: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Return what grids of images become with styles, and with their own. Shape: (n, 3, *size) each."""
        mean, log = (part[:, :, None, None] for part in e.chunk(2, 1))
        made, back = self.decode(torch.cat([centred(h) * log.exp() + mean, h]), size).chunk(2)
        return made, back

    # Learning ----------------------------------------------------------------------------------------------------

    def optimizers(self, steps: int) -> list[tuple[Optimizer, LRScheduler | None]]:
        """Return AdamW with a rate that rises and falls once."""
        made = AdamW(self.parameters(), lr=self.lr, weight_decay=1e-4)
        return [(made, OneCycleLR(made, self.lr, total_steps=max(steps, 2)))]

    def step(
        self, batch: tuple[Tensor, ...], index: int, descend: Callable[[int, Tensor], None], rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Move down the objective; the record has its parts."""
        back, content, style = self.parts(batch[0])
        loss = back + CONTENT * content + style
        descend(0, loss)
        return {"loss": loss.detach(), "back": back.detach(), "content": content.detach(), "style": style.detach()}

    def score(self, batches: Iterable[tuple[Tensor, ...]], rng: torch.Generator) -> float | None:
        """Return the mean of the objective; None where there are no images."""
        total, rows = 0.0, 0
        for x, *_ in batches:
            back, content, style = self.parts(x)
            total += len(x) * float(back + CONTENT * content + style)
            rows += len(x)
        return total / rows if rows else None

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the three terms of images, each in the style of the one before it. Shape: (n, 3, h, w) of uint8."""
        (judge,) = self.judge
        assert judge is not None  # those of a file are not trained
        judge, x = judge.to(x.device), (scaled(x) + 1) / 2
        h = self.encode(x)
        given, back = self._decoded(h, style_of(h).roll(1, 0), _size(x))
        made = x + given - back
        with torch.no_grad():
            own = judge(x)
        seen = judge(made)
        content = (centred(seen.content) - centred(own.content)).square().mean()
        style = torch.stack([_apart(a, b.roll(1, 0)) for a, b in zip(seen.style, own.style, strict=True)]).mean()
        return (back - x).abs().mean(), content, style


class Conv(nn.Module):
    """A convolution of 3 x 3 pixels, borders mirrored, its first weights drawn from `rng`.

    Arguments:
        i, o: channels that come in and go out.
        stride: 2 for a grid of half the sides, rounded up.
    """

    def __init__(self, rng: torch.Generator, i: int, o: int, stride: int = 1) -> None:
        super().__init__()
        self.weight, self.stride = normal(rng, (2 / (9 * i)) ** 0.5, o, i, 3, 3), stride
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, h: Tensor) -> Tensor:
        """Shape: (n, i, h, w) to (n, o, h', w')."""
        return F.conv2d(mirrored(h), self.weight, self.bias, self.stride)


def doubled(h: Tensor) -> Tensor:
    """Return grids of which each pixel is four. Shape: (n, c, h, w) to (n, c, 2 h, 2 w)."""
    n, c, height, width = h.shape
    return h[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2).reshape(n, c, 2 * height, 2 * width)


def moments(h: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation over pixels. Shape: (n, c, h, w) to (n, c, 1, 1) each."""
    variance, mean = torch.var_mean(h, (2, 3), keepdim=True, correction=0)
    return mean, (variance + EPS).sqrt()


def style_of(h: Tensor) -> Tensor:
    """Return the style of grids: means and logarithms of deviations. Shape: (n, c, h, w) to (n, 2 c)."""
    mean, deviation = moments(h)
    return torch.cat([mean, deviation.log()], 1).flatten(1)


def centred(h: Tensor) -> Tensor:
    """Return grids whose channels have the mean 0 and the deviation 1. Shape: (n, c, h, w) to such."""
    mean, deviation = moments(h)
    return (h - mean) / deviation


def _size(x: Tensor) -> tuple[int, int]:
    return int(x.shape[2]), int(x.shape[3])


def _apart(made: Tensor, style: Tensor) -> Tensor:
    """Return how far apart the means and covariances of features are, over the size of those of the styles."""
    pairs = zip(*looks([made]), *looks([style]), strict=True)
    return torch.stack([(a - b).square().sum() / (b.square().sum() + TINY) for a, b in pairs]).sum()
