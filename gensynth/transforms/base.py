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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import count
from typing import Any, ClassVar, Self

import numpy as np

from ..errors import ConfigError, nearest
from ..random import fresh_seed
from .draws import Draws, Flags

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
        epoch: int = 0,
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

        Returns: X, or a tuple of X and what else was given, in the order of the arguments.

        Raises: DataError where X, or what belongs to it, cannot be used.
        """
        from . import running

        return running.run(self, X, mask=mask, boxes=boxes, keypoints=keypoints, y=y, index=index, epoch=epoch)

    def draws(self, n: int, index: Any, epoch: int, alone: bool) -> Draws:
        """Return the draws of n rows."""
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
        return {field.name: getattr(self, field.name) for field in fields(self)}  # a copy has draws of its own

    def _kept(self, name: str, make: Any) -> Any:
        """Return what is made once and kept beside the settings."""
        if name not in self.__dict__:
            object.__setattr__(self, name, make())
        return self.__dict__[name]

    def leaves(self, draws: Draws, active: Flags, certain: bool = True) -> Iterator[Leaf]:
        """Yield the single changes, their draws, which rows each changes, and whether it is certain that it does.

        Shape: active (n,).
        """
        yield self, draws, active & draws.flag("p", self.p), certain and self.p == 1

    def seeded(self, seed: int) -> Self:
        """Return the same transform with another `random_state`."""
        return replace(self, random_state=seed)

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


@dataclass(frozen=True)
class Compose(Transform):
    """Changes one after another.

    Arguments:
        parts: transforms of one kind.
    """

    parts: Sequence[Transform] = ()

    def _check(self) -> None:
        check_parts(self.parts)

    @property
    def kind(self) -> str:  # type: ignore[override]
        """The kind of the parts."""
        return kind_of_parts(self.parts)

    def leaves(self, draws: Draws, active: Flags, certain: bool = True) -> Iterator[Leaf]:
        """Yield those of the parts."""
        active = active & draws.flag("p", self.p)
        for place, part in enumerate(self.parts):
            yield from part.leaves(draws.at(place), active, certain and self.p == 1)


@dataclass(frozen=True)
class OneOf(Compose):
    """One of several changes, drawn for each row.

    Arguments:
        parts: transforms of one kind.
        weights: how often each is drawn, on any scale; () for equally often.
    """

    weights: Sequence[float] = ()

    def _check(self) -> None:
        super()._check()
        if self.weights and (len(self.weights) != len(self.parts) or min(self.weights) < 0 or not any(self.weights)):
            raise ConfigError(f"weights must be {len(self.parts)} numbers, none below 0, got {self.weights!r:.60}")

    def leaves(self, draws: Draws, active: Flags, certain: bool = True) -> Iterator[Leaf]:
        """Yield those of the parts, each for the rows that drew it."""
        active = active & draws.flag("p", self.p)
        chosen = draws.choice("which", self.weights or [1.0] * len(self.parts)) if self.parts else None
        for place, part in enumerate(self.parts):
            yield from part.leaves(draws.at(place), active & (chosen == place), False)


def Sometimes(part: Transform, p: float = 0.5) -> Compose:
    """Return a transform that is applied to a row by a chance."""
    return Compose([part], p=p)


def check_parts(parts: Any) -> None:
    """Raise ConfigError where parts are no transforms, or their kinds differ."""
    if not isinstance(parts, tuple):
        raise ConfigError(f"parts must be a list of transforms, got {parts!r:.60}")
    for part in parts:
        if not isinstance(part, Transform):
            raise ConfigError(f"parts must be transforms, got {part!r:.60}")
    kinds = sorted({part.kind for part in parts})
    if len(kinds) > 1:
        raise ConfigError(f"the parts of a policy must be of one kind, got {' and '.join(kinds)}")


def kind_of_parts(parts: Sequence[Transform]) -> str:
    """Return the kind of the parts; of none that of images."""
    return parts[0].kind if parts else "image"


def check_chance(name: str, value: Any) -> None:
    """Raise ConfigError where a setting is no number from 0 to 1."""
    fine = isinstance(value, int | float | np.number) and not isinstance(value, bool) and 0 <= value <= 1
    if not fine:
        raise ConfigError(f"{name} must be a number from 0 to 1, got {value!r}")


def span(
    name: str, value: Any, middle: float = 0.0, least: float = -np.inf, most: float = np.inf
) -> tuple[float, float]:
    """Return the ends of a range: those given, or as far below `middle` as above it.

    Raises: ConfigError where the ends are no numbers, in the wrong order, or out of bounds.

    >>> span("degrees", 15), span("factor", (0.5, 2), middle=1), span("factor", 0.25, middle=1)
    ((-15.0, 15.0), (0.5, 2.0), (0.75, 1.25))
    """
    ends = value if isinstance(value, Sequence) and not isinstance(value, str) else None
    try:
        low, high = (float(end) for end in ends) if ends is not None else (middle - float(value), middle + float(value))
    except (TypeError, ValueError):
        raise ConfigError(f"{name} must be a number, or two of them, got {value!r:.60}") from None
    if not (least <= low <= high <= most) or not np.isfinite([low, high]).all():
        bounds = f" between {least:g} and {most:g}" if np.isfinite([least, most]).any() else ""
        raise ConfigError(f"{name} must be a range{bounds}, the lower end first, got {value!r:.60}")
    return low, high


def whole_span(name: str, value: Any, least: int, most: int) -> tuple[int, int]:
    """Return the ends of a range of whole numbers. Raises: ConfigError where they are none, or out of bounds."""
    low, high = span(name, value, 0.0, least, most)
    if low != int(low) or high != int(high):
        raise ConfigError(f"{name} must be whole numbers from {least} to {most}, got {value!r:.60}")
    return int(low), int(high)


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
    if isinstance(value, Mapping) and "name" in value:
        return Transform.from_dict(value)
    if isinstance(value, list | tuple):
        return tuple(_read(part) for part in value)
    return value


__all__ = ["Compose", "Draws", "OneOf", "Sometimes", "Transform", "span"]
