"""One random change to an example: drawn once for each row, then applied to all that belongs to the row.

    policy = Compose([Flip(), Rotate(15), Sometimes(Brightness(0.3), 0.5)], random_state=0)
    images = policy(images)                            # (n, h, w, c), (n, c, h, w), a list, or one image
    images, masks = policy(images, mask=masks, index=rows, epoch=3)

A transform is a frozen record of its settings. What it does to a row depends on (seed, epoch, row, its place in the
policy) and on nothing else: not on the batch, the worker or the device. `index` numbers the rows; a row and an epoch
made again alone are the same again. Without `index` the rows of a batch count from 0 where `random_state` is given; one
example alone, or where it is not given, takes the next number of a counter of its own, which workers of a DataLoader
keep apart by their seeds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import count
from typing import Any, ClassVar, Self

import numpy as np

from ..errors import ConfigError, nearest
from ..random import fresh_seed
from .draws import Draws, Flags
from .settings import check_chance

Leaf = tuple["Transform", Draws, Flags, bool]


@dataclass(frozen=True, kw_only=True)
class Transform:
    """One random change.

    Arguments:
        p: chance that a row is changed, from 0 to 1.
        random_state: at least 0: makes calls pure; None takes fresh bits once. Of the outermost transform alone.
    """

    p: float = 1.0
    random_state: int | None = None

    kind: ClassVar[str] = "image"
    breaks: ClassVar[str] = ""  # labels that this may turn into others, in words; "" where it keeps them
    neutral: ClassVar[Mapping[str, float]] = {}  # settings that hold the strength: the values at which nothing is done
    scales: ClassVar[Mapping[str, str]] = {}  # of those that do not grow in a straight line, see `strength`

    def __post_init__(self) -> None:
        for field in fields(self):
            if isinstance(getattr(self, field.name), list):
                object.__setattr__(self, field.name, tuple(getattr(self, field.name)))
        check_chance("p", self.p)
        state = self.random_state
        if state is not None and (isinstance(state, bool) or not isinstance(state, int | np.integer) or state < 0):
            raise ConfigError(f"random_state must be a whole number, at least 0, or None, got {state!r}")
        self._check()

    def _check(self) -> None:
        """Raise ConfigError where a setting is out of range."""

    # Use -------------------------------------------------------------------------------------------------------------

    def __call__(
        self, X: Any, *, mask: Any = None, boxes: Any = None, keypoints: Any = None, y: Any = None, index: Any = None,
        epoch: int = 0, rate: float | None = None,
    ) -> Any:  # fmt: skip
        """Return changed rows in the container that they came in, and changed like them what belongs to them.

        Arguments:
            X: rows of the transform's kind, or one row alone.
            mask: images: (n, h, w) or a list of such, one or several masks a row.
            boxes: images: n arrays (boxes, 4) of left, top, right, bottom in pixels, 0 the outer edge of the first.
            keypoints: images: n arrays (points, 2) of x, y in pixels, 0 the centre of the first.
            y: (n,) labels, which mixing turns into weights.
            index: (n,) numbers of the rows, at least 0.
            epoch: at least 0.
            rate: audio: samples a second, where X is no `Audio`, which tells it.

        Returns: X, or a tuple of X and what else was given, in the order of the arguments.

        Raises: DataError where X, or what belongs to it, cannot be used.
        """
        from . import running

        parts = {"mask": mask, "boxes": boxes, "keypoints": keypoints}
        return running.run(self, X, **parts, y=y, index=index, epoch=epoch, rate=rate)

    def fit(self, X: Any, y: Any = None, *, rate: float | None = None) -> Self:
        """Return the transform with what it needs to know of the data: rows to mix with, neighbours of words.

        Itself where it needs nothing. What was not fitted learns from the rows of each call.

        Arguments:
            X: rows of the transform's kind.
            y: (n,) labels.
            rate: audio: samples a second, where X is no `Audio`.
        """
        from . import running

        made: Self = running.fit(self, X, y, rate)
        return made

    def learned(self, rows: Any, y: Any) -> Self:
        """Return the transform with what it knows of rows in their working form, and their labels (n,) or None."""
        known = self.learn(rows, y)
        return self if known is None else self._knowing(known)

    def learn(self, rows: Any, y: Any) -> Any:
        """Return what must be known of rows in their working form, and their labels; None where nothing must be."""
        return None

    def ready(self, rows: Any, y: Any) -> Self:
        """Return the transform as it is where it was fitted, else with what it knows of the rows of a call."""
        return self if self.known is not None else self.learned(rows, y)

    @property
    def known(self) -> Any:
        """What `learn` returned, None where it was not asked."""
        return self.__dict__.get("_known")

    def _knowing(self, known: Any) -> Self:
        made = replace(self)
        object.__setattr__(made, "_known", known)
        return made

    def draws(self, n: int, index: Any, epoch: int, alone: bool) -> Draws:
        """Return the draws of n rows. Raises: ConfigError where index or epoch are no whole numbers, at least 0."""
        if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer) or epoch < 0:
            raise ConfigError(f"epoch must be a whole number, at least 0, got {epoch!r:.60}")
        epoch = int(epoch)
        if index is not None:
            rows = np.atleast_1d(np.asarray(index))
            if rows.shape != (n,) or rows.dtype.kind not in "iu" or (rows < 0).any():
                raise ConfigError(
                    f"index must hold a whole number, at least 0, for each of {n} rows, got {index!r:.60}"
                )
            return Draws.of(self._seed, epoch, rows)
        if self.random_state is not None and not alone:
            return Draws.of(self._seed, epoch, np.arange(n))
        start = next(self._counter)
        return Draws.of(self._seed ^ _worker(), epoch + (start << 20), np.arange(n))

    @property
    def _seed(self) -> int:
        return self._kept("_fresh", fresh_seed) if self.random_state is None else int(self.random_state)

    @property
    def _counter(self) -> Iterator[int]:
        made: Iterator[int] = self._kept("_calls", count)
        return made

    def __getstate__(self) -> dict[str, Any]:
        kept = {field.name: getattr(self, field.name) for field in fields(self)}  # a copy has draws of its own
        return kept if self.known is None else kept | {"_known": self.known}

    def _kept(self, name: str, make: Any) -> Any:
        """Return what is made once and kept beside the settings: one for all threads."""
        if name not in self.__dict__:
            self.__dict__.setdefault(name, make())
        return self.__dict__[name]

    def leaves(self, draws: Draws, active: Flags, certain: bool = True) -> Iterator[Leaf]:
        """Yield the single changes, their draws, which rows each changes, and whether it is certain that it does.

        Shape: active (n,).
        """
        yield self, draws, draws.kept(active, self.p), certain and self.p == 1

    def seeded(self, seed: int) -> Self:
        """Return the same transform with another `random_state`."""
        made = replace(self, random_state=seed)
        return made if self.known is None else made._knowing(self.known)

    def weakened(self, share: float) -> Self:
        """Return the same transform at a share of its strength, from 0, where it does nothing, to 1, as it is.

        Settings in `neutral` move towards the values there; p stays.

        Raises: ConfigError for one that is done or not, such as `Flip`, and for a policy that holds one.
        """
        from . import strength

        made: Self = strength.weakened(self, share)
        return made

    def safe(self, audit: Any) -> Transform:
        """Return the policy with what moved labels weakened to the largest strength that kept them, or left out.

        What is left may be an empty `Compose`, which does nothing. `audit.advice()` says what is changed, and why.

        Arguments:
            audit: what `gensynth.audit` found for this policy, or shares of the strength by place, see
                `strength.places`; a share of 0 leaves out.

        Raises: ConfigError for a share that is none, or a place that the policy does not have.
        """
        from . import strength

        return strength.safe(self, getattr(audit, "shares", audit))

    def check(self, X: Any) -> None:
        """Raise DataError where rows cannot be changed."""
        from . import running

        running.check(self, X)

    # As data ---------------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the settings that differ from their defaults as plain data, with the name."""
        said = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                said[field.name] = _plain(value)
        return {"name": type(self).__name__, **said}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote.

        Raises: ConfigError for a name or a setting that there is not, offering the nearest.
        """
        from . import transform_class

        if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
            raise ConfigError(f"a transform must be a mapping with a name, got {data!r:.60}")
        kind, names = transform_class(data["name"]), [field.name for field in fields(transform_class(data["name"]))]
        if not issubclass(kind, cls):
            raise ConfigError(f"{data['name']} is no {cls.__name__}")
        given = {name: _read(value) for name, value in data.items() if name != "name"}
        for name in given:
            if name not in names:
                raise ConfigError(f"{kind.__name__} has no setting {name!r}{nearest(name, names)}")
        return kind(**given)

    def explain(self, height: int = 64, width: int = 64) -> str:
        """Return what is done to images of a size, in order: what is fused, and what cuts it."""
        from . import running

        return running.explain(self, height, width)


def _worker() -> int:
    """Return the seed of the DataLoader's worker that this process is, 0 where it is none."""
    data = sys.modules.get("torch.utils.data")
    info = data.get_worker_info() if data is not None else None
    return 0 if info is None else int(info.seed)


def _plain(value: Any) -> Any:
    """Return a setting as plain data."""
    if isinstance(value, Transform):
        return value.to_dict()
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _read(value: Any) -> Any:
    """Return plain data as a setting."""
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        from . import TRANSFORMS

        return Transform.from_dict(value) if value["name"] in TRANSFORMS else value  # a thesaurus may have such a word
    if isinstance(value, list | tuple):
        return tuple(_read(part) for part in value)
    return value
