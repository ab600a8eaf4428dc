"""A transform as a generator: real rows of the class, changed.

Each row of a class is used as often as every other, and what is done to it depends on the seed and its number alone, so
that rows are the same however many are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.kinds import Kind, take_rows
from ..errors import ConfigError
from ..transforms.base import Transform
from ..transforms.draws import Draws
from ..transforms.table.rows import Matrix
from .base import Codes, Draw, Generator, Supports
from .copies import orders

DEFAULTS: dict[Kind, str] = {  # kind: where `default()` returns the policy
    "image": "gensynth.transforms.image.default",
    "text": "gensynth.transforms.text.default",
    "audio": "gensynth.transforms.audio.default",
    "series": "gensynth.transforms.series.default",
    "table": "gensynth.transforms.table.default",
}


ALONE = "one row: no other to take from, so that its numbers alone may change, by the spread of those of all rows"


class Augment(Generator):
    """Real rows of the class, each changed by a transform; the label stays. For images, with their masks and boxes.

    The parent of a row is the one that was changed. A transform that takes from other rows of the class, as `MixRows`,
    `SwapNoise` and `GuidedWarp` do, has others beside it, which the frame of parents does not name.

    Few rows: one row is changed as often as asked; there is nothing to warn of beyond what the transform says that it
    can break (`Transform.breaks`). Of tables, one row of a class has no other to take from, and its numbers are moved
    by the spread of those of all rows.

    Arguments:
        policy: what is done to a row: a transform, its name, or its settings as `Transform.to_dict` gives them. None
            for the default of the kind of data; of images: turned by up to 10 degrees, slanted by up to 5, shifted,
            zoomed and lightened by up to a tenth, never mirrored; of texts: a third of the words, but not those that
            mark the class, nor negations, replaced by others of the corpus; of audio: up to a quarter longer or
            shorter, up to a tenth earlier or later, and white noise 15 to 35 dB below; of series: a window stretched,
            one warped, or time warped, and a little noise; of tables: mixed with another row of the class, a tenth of
            the cells from others, few categories changed, numbers moved by up to 0.3 of their spread.
        random_state: int for results that repeat, or None.

    After `fit`: `policy_`, the transform as it is used.

    Raises: ConfigError where the transform is none, is of another kind than the data, or mixes classes; DataError where
        images do not lie in [0, 1].

    Example:
        >>> X = np.zeros((3, 8, 8, 1), dtype=np.uint8)
        >>> Augment("Flip", random_state=0).fit(X, [0, 0, 1]).sample(2, y=1).shape
        (2, 8, 8, 1)
    """

    supports: ClassVar[Supports] = Supports(
        kinds=frozenset(DEFAULTS), categories=True, missing=True, masks=True, prefix=True
    )  # fmt: skip
    holds_rows = True

    def __init__(self, policy: Transform | Mapping[str, Any] | str | None = None, *,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.policy, self.random_state = policy, random_state

    def _check_params(self) -> None:
        if self.policy is not None:
            read(self.policy)

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        policy = default_for(self.kind_) if self.policy is None else read(self.policy)
        if policy.kind != self.kind_:
            raise ConfigError(f"the transform is for data of kind {policy.kind!r}, and this is {self.kind_!r}")
        policy.check(self._working(rows))
        self.rows_, self.codes_ = rows, codes
        self.policy_ = policy.fit(self._working(rows), codes)

    def _sample(self, codes: Codes, key: int) -> Draw:
        parents = np.empty(len(codes), dtype=np.intp)
        for code in np.unique(codes):
            spots = np.flatnonzero(codes == code)
            parents[spots] = orders(np.flatnonzero(self.codes_ == code), len(spots), key, int(code))
        rows = take_rows(self.rows_, parents)
        if len(rows):
            made, _ = self.policy_.seeded(key)(self._working(rows), y=codes, index=np.arange(len(codes)))
            rows = made.values if isinstance(made, Matrix) else made
        return Draw(rows, parents[:, None], np.ones((len(codes), 1)))

    def _working(self, rows: Any) -> Any:
        """Return rows as a policy takes them: those of tables, coded, with what their columns are."""
        return Matrix(rows, self.encoder_.layout_) if self.kind_ == "table" else rows

    def _ladder(self, count: int) -> str | None:
        return ALONE if self.kind_ == "table" and count == 1 else None

    def _saved_params(self) -> dict[str, Any]:
        params = super()._saved_params()
        made = params["policy"]
        return params | {"policy": made.to_dict() if isinstance(made, Transform) else made}

    def _state(self) -> saved.Packed:
        meta, arrays = saved.pack_rows(self.rows_)
        return {"rows": meta, "policy": self.policy_.to_dict()}, {**arrays, "codes": self.codes_}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        self.codes_ = arrays.pop("codes")
        self.rows_ = saved.unpack_rows(meta["rows"], arrays)
        self.policy_ = read(meta["policy"]).fit(self._working(self.rows_), self.codes_)


def read(policy: Any) -> Transform:
    """Return a transform, or what stands for one: its name, or its settings. Raises: ConfigError."""
    if isinstance(policy, Transform):
        return _keeping_labels(policy)
    return _keeping_labels(Transform.from_dict({"name": policy} if isinstance(policy, str) else policy))


def _keeping_labels(policy: Transform) -> Transform:
    """Return the transform. Raises: ConfigError where a part of it mixes rows of several classes."""
    for part, *_ in policy.leaves(Draws.of(0, 0, np.arange(1)), np.ones(1, dtype=bool)):
        if getattr(part, "same_class", True) is False:
            name = type(part).__name__
            raise ConfigError(f"{name} mixes classes, and Augment's rows keep theirs: say {name}(same_class=True)")
    return policy


def default_for(kind: Kind) -> Transform:
    """Return what is done to rows of a kind where nothing is said."""
    made: Transform = import_module(DEFAULTS[kind]).default()
    return made
