"""How each method of `StyleTransfer` comes to know styles: measured, learned by a network, or kept as pictures."""

from __future__ import annotations

import sys
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.kinds import Images, count_rows, take_rows
from ..errors import ConfigError, DataError, GensynthWarning
from ..random import as_generator
from .base import Codes
from .pixels import Pixels
from .training import Training, check_count
from .weights import features_of, mark_of

if TYPE_CHECKING:
    from torch import Tensor

    from ..transforms.base import Transform
    from ..transforms.image.styles.base import Style
    from ..transforms.image.styles.networks import Log
    from .style import StyleTransfer

Arrays = dict[str, npt.NDArray[Any]]
CROP, LEAST_CROP = 64, 16  # pixels a side that networks learn
CROPS, MOST_CROPS = 400, 20_000  # that are learned at least, where images are large enough, and at most
EACH = 16  # of an image at most
FEW = 0.1  # of the images, which are enlarged where they are smaller than squares of the others


@dataclass(frozen=True)
class Way(ABC):
    """A method: what `fit` learns of a bank of styles, and how that is kept in files."""

    style: StyleTransfer
    takes: ClassVar[frozenset[str]] = frozenset()  # parameters of the generator that mean something to it

    @abstractmethod
    def learn(self, bank: Images, codes: Codes | None, key: int) -> Style:
        """Return the styles of a bank, of classes (k,), or of none where the images were given."""

    def carried_out(self, change: Callable[[Any, Transform], Any], rows: Any, restyle: Transform) -> Any:
        """Return rows as a change makes them."""
        return change(rows, restyle)

    def ready(self) -> None:  # noqa: B027 -- most have nothing to do
        """Have at hand what is needed to give styles. Raises: ConfigError."""

    @abstractmethod
    def pack(self, known: Any) -> saved.Packed:
        """Return what was learned as JSON and arrays."""

    @abstractmethod
    def unpack(self, meta: Mapping[str, Any], arrays: Arrays) -> Style:
        """Return what `pack` gave. Raises: KeyError, FormatError."""


class Moments(Way):
    """Means and covariances of colours."""

    @property
    def kind(self) -> Any:
        """What is measured."""
        from ..transforms.image.styles.moments import Colours

        return Colours

    def learn(self, bank: Images, codes: Codes | None, key: int) -> Style:  # noqa: D102 -- the base documents it
        made: Style = self.kind.learn(bank.x, lambda: int(_sides(self.style.rows_.x).max()))
        return made

    def pack(self, known: Any) -> saved.Packed:  # noqa: D102
        return {}, known.pack()

    def unpack(self, meta: Mapping[str, Any], arrays: Arrays) -> Style:  # noqa: D102
        made: Style = self.kind.unpack(arrays)
        return made


class Fourier(Moments):
    """Amplitudes of low frequencies."""

    @property
    def kind(self) -> Any:
        """What is measured."""
        from ..transforms.image.styles.fourier import Waves

        return Waves


class AdaIN(Way):
    """A network that is trained on squares cut out of the images, and of those given as styles."""

    takes = frozenset({"features", "weights", "steps", "max_time", "training"})

    def learn(self, bank: Images, codes: Codes | None, key: int) -> Style:  # noqa: D102
        from ..transforms.image.styles.networks import Coded

        style = self.style
        style.learn_crops(crops([style.rows_] if codes is not None else [style.rows_, bank], key), key)
        task: Any = style.task_
        return Coded.of(bank.x, task, style._place(), codes)

    def pack(self, known: Any) -> saved.Packed:  # noqa: D102
        named = ("steps", "planned", "ended", "batch_size", "lr", "history")
        return {name: getattr(self.style, f"{name}_") for name in named}, known.pack()

    def unpack(self, meta: Mapping[str, Any], arrays: Arrays) -> Style:  # noqa: D102
        from ..transforms.image.styles.networks import Coded

        style, made = self.style, Coded.unpack(arrays)
        style.history_ = [dict(record) for record in meta["history"]]
        style.steps_, style.planned_, style.batch_size_ = (int(meta[at]) for at in ("steps", "planned", "batch_size"))
        style.lr_, style.ended_, style.task_ = float(meta["lr"]), str(meta["ended"]), made.task
        return replace(made, device=style._place())


class Gatys(Way):
    """Pictures as they are, those that were given no larger than networks work on."""

    takes = frozenset({"features", "weights", "steps", "variation", "training"})

    def learn(self, bank: Images, codes: Codes | None, key: int) -> Style:  # noqa: D102
        from ..transforms.image.styles.base import parts_of
        from ..transforms.image.styles.networks import shrunk

        if codes is not None:
            return self._known(bank.x)
        small = [shrunk(one[None])[0] for part in parts_of(bank.x) for one in part]
        return self._known([Pixels.bytes(one.clamp(0, 1)).permute(1, 2, 0).numpy() for one in small])

    def carried_out(self, change: Callable[[Any, Transform], Any], rows: Any, restyle: Transform) -> Any:  # noqa: D102
        style, log = self.style, self.log
        log.curves, log.spoilt = [], 0
        log.told = Telling.of(style, count_rows(rows))
        made = change(rows, restyle)
        style.history_, style.spoilt_ = log.history, log.spoilt
        if log.spoilt:
            text = f"{log.spoilt} of {count_rows(rows)} images met a loss that is not finite, and are as good as before"
            warnings.warn(f"StyleTransfer, gatys: {text}", GensynthWarning, stacklevel=4)
        return made

    @property
    def log(self) -> Log:
        """How painting went."""
        known: Any = self.style.style_
        return known.log  # type: ignore[no-any-return]

    def _known(self, pictures: Any, mark: str | None = None) -> Style:
        """Return pictures as styles, seen with features now, or, where these have a mark, when they are needed."""
        from ..nn.painting import STEPS
        from ..transforms.image.styles.networks import Painted

        style = self.style
        features = None
        if mark is None:
            features = features_of(style.features, style.weights)
            mark = mark_of(features)
        style.mark_ = mark
        return Painted(pictures, features, style.steps or STEPS, float(style.variation), style._place())

    def ready(self) -> None:  # noqa: D102
        style: Any = self.style
        if style.style_.features is None:
            features = features_of(style.features, style.weights)
            if mark_of(features) != style.mark_:
                where = style.weights or "those of torchvision"
                raise ConfigError(f"weights: {where}: not those that the model was fitted with")
            style.style_ = replace(style.style_, features=features)

    def pack(self, known: Any) -> saved.Packed:  # noqa: D102
        if self.style.own_styles:
            return {"mark": self.style.mark_}, {}
        meta, arrays = saved.pack_rows(Images(known.pictures))
        return {"mark": self.style.mark_, "pictures": meta}, arrays

    def unpack(self, meta: Mapping[str, Any], arrays: Arrays) -> Style:  # noqa: D102
        pictures = self.style.rows_.x if self.style.own_styles else saved.unpack_rows(meta["pictures"], arrays).x
        return self._known(pictures, str(meta["mark"]))


WAYS: dict[str, type[Way]] = {"moments": Moments, "fourier": Fourier, "adain": AdaIN, "gatys": Gatys}


def check_settings(style: StyleTransfer) -> None:
    """Raise ConfigError where a parameter is out of range, or means nothing to the method."""
    check_count("steps", style.steps)
    if not (isinstance(style.features, str) and style.features in ("random", "vgg19")):
        raise ConfigError(f"features must be 'random' or 'vgg19', got {style.features!r:.60}")
    number = style.variation
    if isinstance(number, bool) or not isinstance(number, Real) or not 0 <= float(number) < float("inf"):
        raise ConfigError(f"variation must be a number of at least 0, got {number!r:.60}")
    if not (style.weights is None or isinstance(style.weights, str | PathLike)):
        raise ConfigError(f"weights must be the name of a file, got {style.weights!r:.60}")
    idle = {"features": "random", "weights": None, "steps": None, "max_time": None, "variation": 0.0, "training": None}
    for name, plain in idle.items():
        if getattr(style, name) != plain and name not in WAYS[style.method].takes:
            able = [repr(method) for method, way in WAYS.items() if name in way.takes]
            raise ConfigError(f"{name} means nothing to method={style.method!r}: it is for {' and '.join(able)}")
    settings = Training.read(style.training)
    unused = [name for name in style.training or {} if style.method == "gatys" and name not in ("device", "progress")]
    if unused:
        raise ConfigError(f"training: {unused[0]} means nothing to method='gatys', which takes device and progress")
    if settings.batch_size == 1:
        raise ConfigError(
            "training: batch_size must be at least 2, as an image takes the style of another of its batch"
        )


def check_sides(rows: Any, what: str = "") -> None:
    """Raise DataError where an image has no pixels."""
    if any(0 in shape for shape in _shapes(rows.x)):
        raise DataError(f"{what}an image has a side of 0 pixels")


def crops(every: list[Images], key: int) -> Tensor:
    """Return squares cut out of images, of one size, those of large images from several places.

    Shape: images of any sizes to (m, 3, side, side) of bytes.
    """
    import torch

    from ..transforms.image.styles.base import parts_of
    from ..transforms.image.styles.networks import fitted, shrunk

    rng = as_generator(key, "crops")
    chosen = []
    for rows in every:
        places = np.sort(rng.permutation(count_rows(rows))[:MOST_CROPS])
        chosen.append(rows if len(places) == count_rows(rows) else take_rows(rows, places))
    count = sum(map(count_rows, chosen))
    sides = np.concatenate([_sides(rows.x) for rows in chosen])
    side = min(CROP, max(LEAST_CROP, int(np.quantile(sides, FEW, method="lower")) // 4 * 4))
    times = int(np.clip(-(-CROPS // count), 1, EACH))
    made = []
    for rows in chosen:
        for part in parts_of(rows.x):
            x = shrunk(part)
            x = fitted(x, side) if min(x.shape[2:]) < side else x
            whole = max(x.shape[2:]) == side
            for _ in range(1 if whole else times):
                top, left = (int(rng.integers(length - side + 1)) for length in x.shape[2:])
                made.append(Pixels.bytes(x[:, :, top : top + side, left : left + side].clamp(0, 1)))
    return torch.cat(made if count > 1 or len(made) > 1 else made * 2)  # as one takes the style of another


def _shapes(x: Any) -> list[tuple[int, ...]]:
    """Return the shape of each image."""
    return [np.shape(one) for one in x] if isinstance(x, list | tuple) else [tuple(x.shape[1:])] * len(x)


def _sides(x: Any) -> npt.NDArray[np.intp]:
    """Return the shorter side of each image. Shape: (n,)."""
    return np.array([sorted(shape)[-2] for shape in _shapes(x)], dtype=np.intp)


class Telling:
    """A line on standard error that says how many images are painted.

    Arguments:
        count: of how many.
    """

    @classmethod
    def of(cls, style: StyleTransfer, count: int) -> Self | None:
        """Return it where the settings of a generator, or a terminal, want it."""
        from ..training.progress import wanted

        return cls(count) if wanted(Training.read(style.training).progress) else None

    def __init__(self, count: int) -> None:
        self.count, self.began, self.due = count, time.monotonic(), 0.0

    def __call__(self, done: int) -> None:
        """Say it, at most five times a second."""
        now = time.monotonic()
        if now < self.due and done < self.count:
            return
        self.due, left = now + 0.2, (now - self.began) / done * (self.count - done)
        sys.stderr.write(f"\rpainting: {done:,} of {self.count:,} images, {left:.0f} s left\x1b[K")
        if done >= self.count:
            sys.stderr.write("\n")
        sys.stderr.flush()
