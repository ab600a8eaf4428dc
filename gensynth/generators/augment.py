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
from sklearn.base import clone

from ..data import saved
from ..data.kinds import Kind, join_rows, take_rows
from ..errors import ConfigError, FewRowsWarning, ignoring, nearest
from ..random import as_generator
from ..transforms.base import Transform
from ..transforms.draws import Draws
from ..transforms.table.rows import Matrix
from . import generator_class
from .base import Codes, Draw, Generator, Supports
from .copies import evenly
from .inner import behind, outside
from .packing import packed, unpacked
from .taking import check_kind

DEFAULTS: dict[Kind, str] = {  # kind: where `default()` returns the policy
    "image": "gensynth.transforms.image.default",
    "text": "gensynth.transforms.text.default",
    "audio": "gensynth.transforms.audio.default",
    "series": "gensynth.transforms.series.default",
    "table": "gensynth.transforms.table.default",
}


FOLD = 20  # times as many rows of a class at most as it has, for a generator to learn from
ALONE = "one row: no other to take from, so that its numbers alone may change, by the spread of those of all rows"


class Augment(Generator):
    """Real rows of the class, each changed by a transform; the label stays. For images, with their masks and boxes.

    With `generator`, the rows that are changed are made by it, and it learns from the real rows and changed copies of
    those of rare classes: variation of both. It takes as long as that generator does.

    The parent of a row is the one that was changed; with `generator`, those that it names. A transform that takes from
    other rows of the class, as `MixRows`, `SwapNoise` and `GuidedWarp` do, has others beside it, which the frame of
    parents does not name.

    Few rows: one row is changed as often as asked (with `generator`, which learns changed copies, up to 20 of each, it
    is said where that one would say so); there is nothing to warn of beyond what the transform says that it
    can break (`Transform.breaks`). Of tables, one row of a class has no other to take from, and its numbers are moved
    by the spread of those of all rows.

    Arguments:
        policy: what is done to a row: a transform, its name, or its settings as `Transform.to_dict` gives them. None
            for the default of the kind of data; of images: mirrored if they look like their mirror images, half of them
            turned by up to 10 degrees, slanted by up to 5, shifted and zoomed by up to a tenth, and one change of light
            or colour each; of texts: a third of the words, but not those that mark the class, nor negations, replaced
            by others of the corpus; of audio: up to a quarter longer or shorter, up to a tenth earlier or later, and
            white noise 15 to 35 dB below; of series: a window stretched, one warped, or time warped, and a little
            noise; of tables: mixed with another row of the class, a tenth of the cells from others, few categories
            changed, numbers moved by up to 0.3 of their spread.
        generator: what makes the rows that are changed: one such as `VAE()`, its name, or its name and params as a
            recipe has them. It is copied, and its `random_state` is set. None for real rows.
        random_state: int for results that repeat, or None.

    After `fit`: `policy_`, the transform as it is used; `generator_`, the fitted generator, or None.

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
                 generator: Generator | Mapping[str, Any] | str | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.policy, self.generator, self.random_state = policy, generator, random_state

    def _check_params(self) -> None:
        if self.policy is not None:
            read(self.policy)
        if self.generator is not None:
            inner = built(self.generator)
            if self.random_state is not None:
                inner.set_params(random_state=0)  # as it will have one
            inner._check_params()

    def _check_table(self, rows: Any) -> None:
        super()._check_table(rows)
        if self.generator is not None:
            check_kind(built(self.generator), rows, self.kind_)

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        policy = default_for(self.kind_) if self.policy is None else read(self.policy)
        if policy.kind != self.kind_:
            raise ConfigError(f"the transform is for data of kind {policy.kind!r}, and this is {self.kind_!r}")
        policy.check(self._working(rows))
        self.rows_, self.codes_ = rows, codes
        self.policy_ = policy.fit(self._working(rows), codes)
        self.generator_ = None if self.generator is None else self._learned(built(self.generator), key)

    def _learned(self, generator: Generator, key: int) -> Generator:
        """Return a copy of a generator that has learned the rows, and changed copies of those of rare classes."""
        more = self._again()
        rows, codes = self.rows_, np.concatenate([self.codes_, self.codes_[more]])
        if len(more):
            rows = join_rows(rows, self._changed(take_rows(rows, more), self.codes_[more], key))
        generator.set_params(random_state=int(as_generator(key, "generator").integers(2**31)))
        with ignoring(FewRowsWarning):  # which counts the copies, and was said of the rows
            return generator.fit(outside(self, rows), codes)

    def repeating(self) -> dict[str, Any]:
        """Return the parameters that make `fit` repeat a training of the generator that time or Ctrl-C ended."""
        inner: dict[str, Any] = getattr(self.generator_, "repeating", dict)()
        if self.generator_ is None or not inner:
            return {}
        params = {name: value for name, value in self.generator_.get_params(deep=False).items() if value is not None}
        params.pop("random_state", None)
        return {"generator": {"name": type(self.generator_).__name__, "params": params | inner}}

    def _again(self) -> Codes:
        """Return the rows whose changed copies the generator learns beside all rows. Shape: (m,)."""
        counts = np.bincount(self.codes_)
        return np.concatenate([
            np.resize(np.flatnonzero(self.codes_ == code), min(int(counts.max()), FOLD * count) - count)
            for code, count in enumerate(counts.tolist())
        ]).astype(np.intp)  # fmt: skip

    def _changed(self, rows: Any, codes: Codes, key: int) -> Any:
        made, _ = self.policy_.seeded(key)(self._working(rows), y=codes, index=np.arange(len(codes)))
        return made.values if isinstance(made, Matrix) else made

    def _sample(self, codes: Codes, key: int) -> Draw:
        if self.generator_ is not None:
            made, found = self.generator_.sample(y=codes, random_state=key % 2**31, return_parents=True)
            rows = self.encoder_.encode(made) if self.kind_ == "table" else made
            return Draw(self._changed(rows, codes, key) if len(codes) else rows, *self._behind(found, len(codes)))
        parents = evenly(self.codes_, codes, key)
        rows = take_rows(self.rows_, parents)
        if len(rows):
            rows = self._changed(rows, codes, key)
        return Draw(rows, parents[:, None], np.ones((len(codes), 1)))

    def _behind(self, found: Any, n: int) -> tuple[Codes, npt.NDArray[np.float64]]:
        """Return the real rows behind those of the generator, copies' own among them. Shape: (n, k) and weights."""
        real = np.concatenate([np.arange(len(self.codes_)), self._again()])
        whose = found.assign(parent=real[found["parent"].to_numpy()])
        whole = whose.groupby(["row", "parent"], sort=False, as_index=False)["weight"].sum()  # a row and its copy
        return behind(whole, n)

    def _working(self, rows: Any) -> Any:
        """Return rows as a policy takes them: those of tables, coded, with what their columns are."""
        return Matrix(rows, self.encoder_.layout_) if self.kind_ == "table" else rows

    def _ladder(self, count: int) -> str | None:
        inner = None if self.generator is None else built(self.generator)
        if inner is not None and inner._ladder(count):
            return f"{type(inner).__name__} learns changed copies of them, at most {FOLD} of each"
        return ALONE if self.kind_ == "table" and count == 1 else None

    def _saved_params(self) -> dict[str, Any]:
        params = super()._saved_params()
        made = params["policy"]
        params.pop("generator")
        return params | {"policy": made.to_dict() if isinstance(made, Transform) else made}

    def _state(self) -> saved.Packed:
        meta, arrays = saved.pack_rows(self.rows_)
        inner, more = (None, {}) if self.generator_ is None else packed(self.generator_)
        held = {f"generator/{name}": array for name, array in more.items()}
        said = {"rows": meta, "policy": self.policy_.to_dict(), "generator": inner}
        return said, {**arrays, **held, "codes": self.codes_}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        inner = {name: arrays.pop(name) for name in [*arrays] if name.startswith("generator/")}
        held = {name.removeprefix("generator/"): array for name, array in inner.items()}
        self.generator_ = None if meta.get("generator") is None else unpacked(meta["generator"], held)
        self.generator = None if self.generator_ is None else clone(self.generator_)
        self.codes_ = arrays.pop("codes")
        self.rows_ = saved.unpack_rows(meta["rows"], arrays)
        self.policy_ = read(meta["policy"]).fit(self._working(self.rows_), self.codes_)


def built(generator: Any) -> Generator:
    """Return an unfitted copy of a generator, or of what stands for one. Raises: ConfigError."""
    if isinstance(generator, Generator):
        return clone(generator)  # type: ignore[no-any-return]
    said: Any = {"name": generator} if isinstance(generator, str) else generator
    if not isinstance(said, Mapping) or "name" not in said or set(said) - {"name", "params"}:
        text = "generator must be one such as VAE(), its name, or its name and params"
        raise ConfigError(f"{text}, got {generator!r:.60}")
    made, params = generator_class(str(said["name"])), dict(said.get("params") or {})
    for name in params:
        if name not in made._get_param_names():
            raise ConfigError(f"{said['name']} has no parameter {name!r}{nearest(name, made._get_param_names())}")
    return made(**params)


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
