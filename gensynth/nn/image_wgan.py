"""G and D of a Wasserstein GAN (`wgan`) for images: convolutions, few of them, on few pixels.

An example is (x, y): an image (c, h, w), real ones as bytes and made ones in [-1, 1], where D sees both, and its class.
G doubles a smallest grid of 4 to 7 pixels a side (`conv.grids`) until the image is whole,

    h = f(A z + b),   h <- f((1 + s) N(V * u(h)) + t),   (s, t) = S (e + d[y]),   x = tanh(W * h)

with f(x) = x sigmoid(x), N a group norm, u each pixel four times, * a convolution of 3 x 3 pixels. The smallest grid
ignores the class, so that a rare one takes over what the common ones know of shapes; what a class says has a part that
all share, e, and a small one of its own, d[y]. V * u(h) is had in one convolution on the small grid, its weights being
sums of V's: the same numbers in a third of the time. D halves the image to its smallest grid again (`conv.Down`),

    a = g(U D(x) + b'),   D = (w + B[y]) . a

with g a leaky rectifier. Its gradients are taken at the pixels, after they were changed at random where that is asked.

`apart` compares with held-out images by layers of random weights. Of 47 makers of digits its ranks go with how well a
classifier trained on their images did by .93 with 1,000 images, .80 with 100, .63 with 50; of 18 of them by .90, where
pixels of coarse grids gave .39 to .85.

References: Odena et al. 2016, "Deconvolution and checkerboard artifacts", Distill (doubled, then convolved); Perez et
al. 2018, arXiv:1709.07871, eq. 1 (s and t); Miyato and Koyama 2018, arXiv:1802.05637, eq. 3 (the class in D's last
layer); Khorram et al. 2024, arXiv:2402.17065 (small grids without the class, for rare ones); Binkowski et al. 2018,
arXiv:1801.01401, sec. 3 (the kernel of `apart`); Zhao et al. 2020, arXiv:2006.10738, sec. 3 (changes).

DIFFERS from Khorram et al.: no second loss for the small grids; from Binkowski et al.: features are random, and only
images of the same class are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .codes import normal
from .conv import GAIN, Down, Grid, grids, norm_of, widths_for
from .differentiable import Differentiable
from .wgan import Critic, Examples, Maker

TOLD = 32  # width of e and d
OWN = 0.5  # how strong d is at first, of e
JUDGED = 128  # width of a
COMPARED, ENOUGH = 1024, 100  # images that are compared at most, and at least
RANDOM = (32, 64, 128)  # widths of the random features

Shape = tuple[int, int, int]


def as_floats(x: Tensor) -> Tensor:
    """Return images in [-1, 1]: of bytes, or such as they are. Shape: (n, c, h, w)."""
    return x.float() / 127.5 - 1 if x.dtype == torch.uint8 else x


class ImageMaker(Maker):
    """G.

    Arguments:
        shape: channels, height and width of the images, sides of 4 pixels or more.
        classes: how many there are, at least 1.
        hidden: widths, that of the whole image first, the last one again for all smaller grids; at least one.
        noise: width of z, at least 1.
        rng: draws the first weights.
    """

    def __init__(
        self, shape: Shape, classes: int, hidden: Sequence[int], *, noise: int, rng: torch.Generator
    ) -> None:  # fmt: skip
        super().__init__()
        self.shape, self.noise = shape, noise
        sizes = grids(*shape[1:])[::-1]
        widths = widths_for(hidden, len(sizes))[::-1]
        self.start = widths[0], *sizes[0]
        self.first, self.base = normal(rng, noise**-0.5, noise, math.prod(self.start)), _zeros(math.prod(self.start))
        self.shared, self.own = normal(rng, 1.0, TOLD), normal(rng, OWN, classes, TOLD)
        steps = zip(pairwise(widths), pairwise(sizes), strict=True)
        layers = [Doubled(pair, *step, rng) for pair, step in steps]
        self.layers = nn.ModuleList(layers or [nn.Identity()])  # images of a few pixels are the smallest grid
        told = widths[1:] or widths
        self.norms = nn.ModuleList(norm_of(width, True) for width in told)
        self.says = nn.ParameterList(normal(rng, 0.5 * TOLD**-0.5, TOLD, 2 * width) for width in told)
        self.last, self.level = normal(rng, (9 * widths[-1]) ** -0.5, shape[0], widths[-1], 3, 3), _zeros(shape[0])
        self.to(memory_format=torch.channels_last)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Return images in [-1, 1]. Shape: z (n, noise), y (n,) of int64; returns (n, *shape)."""
        told = self.shared + F.embedding(y, self.own)
        h = F.silu(torch.addmm(self.base, z, self.first)).view(-1, *self.start)
        for layer, norm, says in zip(self.layers, self.norms, self.says, strict=True):
            s, t = (told @ says)[:, :, None, None].chunk(2, 1)
            h = F.silu(torch.addcmul(t, norm(layer(h)), 1 + s))
        return F.conv2d(h, self.last, self.level, padding=1).tanh()

    def make(self, real: Examples, rng: torch.Generator) -> Examples:
        """Return images of the classes of real ones, and these classes."""
        y = real[1]
        return self(torch.randn(len(y), self.noise, generator=rng, device=y.device), y), y

    def apart(self, batches: Iterable[Examples], rng: torch.Generator) -> float | None:
        """Return the kernel distance of made images to the first COMPARED real ones, within classes.

        It estimates the squared distance without bias, and may be below 0. None for fewer than ENOUGH images, or where
        no class has two.
        """
        found: list[tuple[Tensor, Tensor, Tensor]] = []
        for x, y in batches:
            if sum(len(part[2]) for part in found) < COMPARED:
                pair = as_floats(x), self.make((x, y), rng)[0].float()
                with torch.autocast(x.device.type, enabled=False):
                    seen, got = (features(images) for images in pair)
                found.append((seen, got, y))
        if not found:
            return None
        real, made, y = (torch.cat(parts)[:COMPARED] for parts in zip(*found, strict=True))
        with torch.autocast(y.device.type, enabled=False):
            distance = kernel_distance(real, made, y)
        return distance if len(y) >= ENOUGH else None


class ImageCritic(Critic):
    """D.

    Arguments:
        shape: channels, height and width of the images, sides of 4 pixels or more.
        classes: how many there are, at least 1.
        hidden: widths as G's; D has none on the whole image, and begins with the second, if there is one.
        changes: of images before D sees them; None for none.
        some: the classes whose images are changed, of the others none; None for all.
        rng: draws the first weights.
    """

    retries: ClassVar[int] = 4
    largest: ClassVar[float] = 1e6

    def __init__(
        self, shape: Shape, classes: int, hidden: Sequence[int], *, changes: Differentiable | None = None,
        some: Sequence[bool] | None = None, rng: torch.Generator,
    ) -> None:  # fmt: skip
        super().__init__()
        self.changes = changes
        self.some = None if some is None or all(some) else tuple(some)
        self.down = Down(shape, hidden[1:] or hidden, rng, activation=_leaky)
        many = math.prod(self.down.shape)
        self.weight, self.bias = normal(rng, many**-0.5, many, JUDGED), _zeros(JUDGED)
        self.shared, self.own = normal(rng, JUDGED**-0.5, JUDGED), normal(rng, JUDGED**-0.5, classes, JUDGED)
        self.to(memory_format=torch.channels_last)

    def varied(self, examples: Examples, rng: torch.Generator) -> Examples:
        """Return images in [-1, 1], changed at random where that is asked, and their classes."""
        x, y = as_floats(examples[0]).float(), examples[1]
        if self.changes is None:
            return x, y
        changed = self.changes(x, rng)
        if self.some is not None:
            mine = torch.tensor(self.some, device=y.device)[y]
            changed = torch.where(mine.view(-1, 1, 1, 1), changed, x)
        return changed, y

    def points(self, examples: Examples) -> Tensor:
        """Return the images themselves. Shape: (n, c, h, w)."""
        return as_floats(examples[0])

    def judge(self, points: Tensor, like: Examples) -> Tensor:
        """Return D. Shape: (n, c, h, w) to (n,)."""
        a = _leaky(torch.addmm(self.bias, self.down(points).flatten(1), self.weight))
        return (a * (self.shared + F.embedding(like[1], self.own))).sum(1)

    def steepness(self, gradients: Tensor) -> Tensor:
        """Return the sum of the squares. Shape: (n, c, h, w) to (n,)."""
        return gradients.square().sum((1, 2, 3))


class Doubled(nn.Module):
    """Each pixel four times, then a convolution of 3 x 3 pixels, cut to the large grid: in one step.

    Arguments:
        channels: how many come in, and how many go out.
        small: the smaller grid.
        large: the larger, each side twice the smaller's, or one less, or equal to it.
        rng: draws the first weights.
    """

    def __init__(self, channels: tuple[int, int], small: Grid, large: Grid, rng: torch.Generator) -> None:
        super().__init__()
        (i, o), self.large = channels, large
        self.stride = [2 if a < b else 1 for a, b in zip(small, large, strict=True)]
        self.weight, self.bias = normal(rng, GAIN / math.sqrt(9 * i), i, o, 3, 3), _zeros(o)

    def forward(self, h: Tensor) -> Tensor:
        """Return the large grid. Shape: (n, i, *small) to (n, o, *large)."""
        w: Tensor = self.weight
        if self.stride[0] == 2:
            w = F.pad(w, (0, 0, 0, 1)) + F.pad(w, (0, 0, 1, 0))
        if self.stride[1] == 2:
            w = F.pad(w, (0, 1)) + F.pad(w, (1, 0))
        made = F.conv_transpose2d(h, w, self.bias, self.stride, 1)
        return made[..., : self.large[0], : self.large[1]]


@torch.no_grad()
def features(x: Tensor) -> Tensor:
    """Return what layers of fixed random weights see: means, mean squares, and a coarse grid of the last.

    Shape: (n, c, h, w) in [-1, 1] to (n, m).
    """
    _, c, h, w = x.shape
    net = Down((c, h, w), RANDOM, torch.Generator().manual_seed(0), activation=_leaky).to(x.device)
    found = []
    for layer in net.layers:
        x = _leaky(layer(x))
        found += [x.mean((2, 3)), x.square().mean((2, 3))]
    return torch.cat([*found, F.adaptive_avg_pool2d(x, 3).flatten(1)], 1)


def kernel_distance(real: Tensor, made: Tensor, y: Tensor) -> float | None:
    """Return the mean over pairs of one class of k(x, x') + k(g, g') - 2 k(x, g), k(a, b) = (a . b / m + 1)^3.

    Features are scaled to those of real images. None where no class has two. Shape: (n, m), (n, m), (n,).
    """
    alike = (y[:, None] == y[None]).float()
    others = alike - torch.eye(len(y), device=y.device)
    if not bool(others.any()):
        return None
    mean, spread = real.mean(0), real.std(0) + 1e-3
    x, g = ((part - mean) / spread for part in (real, made))
    xx, gg, xg = ((a @ b.T / x.shape[1] + 1) ** 3 for a, b in ((x, x), (g, g), (x, g)))
    return float(((xx + gg) * others).sum() / others.sum() - 2 * (xg * alike).sum() / alike.sum())


def _leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


def _zeros(count: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(count))
