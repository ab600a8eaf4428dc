"""How `gensynth transform` changes the files of a folder: by a policy here, and in other styles in `styles`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..data.kinds import Audio
from ..errors import ConfigError
from ..recipe import Change
from ..transforms.base import Transform
from . import sheet
from .folders import Folder
from .pictures import BLOCK, Pictures
from .policies import explained, learns, may_break, noted, policy_of

Places = npt.NDArray[np.intp]
Changed = tuple[list[Any], list[Any] | None]  # rows, and their masks
Written = Mapping[int, Sequence[str]]  # the names of the copies of each row


class Changing(ABC):
    """What makes changed copies of the rows of a folder."""

    folder: Folder

    @abstractmethod
    def learned(self, count: int) -> Self:
        """Return the same, ready to make so many copies."""

    @abstractmethod
    def __call__(self, places: Places, rows: list[Any], masks: list[Any] | None, copy: int) -> Changed:
        """Return one changed copy of rows, and of their masks."""

    @abstractmethod
    def explained(self) -> str:
        """Return what would be done."""

    @abstractmethod
    def noted(self) -> dict[str, Any]:
        """Return what the recipe says of it."""

    @property
    @abstractmethod
    def notes(self) -> Sequence[str]:
        """What people should know of it."""

    @abstractmethod
    def draw(self, path: str, places: Sequence[int], copies: int, overwrite: bool) -> None:
        """Write a sheet of some images and their copies, which are made for it."""


@dataclass(frozen=True)
class ByPolicy(Changing):
    """Changes rows by a policy; `codes` (n,) are the classes of all rows, or None."""

    folder: Folder
    policy: Transform
    codes: Places | None
    named: bool

    @classmethod
    def of(cls, job: Change, folder: Folder) -> Self:
        """Return what a job asks for. Raises: ConfigError."""
        labels = folder.listing.labels
        codes = None if labels is None else np.unique(np.array(labels, dtype=object), return_inverse=True)[1]
        return cls(folder, policy_of(job, folder.kind), codes, job.policy is not None)

    def learned(self, count: int) -> Self:  # noqa: D102 -- the base documents it
        if not learns(self.policy):
            return self
        return replace(self, policy=self.policy.fit(self.folder.rows(np.arange(len(self.folder.listing))), self.codes))

    def __call__(self, places: Places, rows: list[Any], masks: list[Any] | None, copy: int) -> Changed:
        """Return one changed copy of rows, and of their masks. Raises: ConfigError where labels are changed too."""
        y = None if self.codes is None else self.codes[places]
        given: dict[str, Any] = {"index": places, "epoch": copy}
        given |= {name: part for name, part in (("mask", masks), ("y", y)) if part is not None}
        audio = self.folder.kind == "audio"
        made = self.policy(Audio(rows, float(self.folder.rate or 1)) if audio else rows, **given)
        parts = list(made) if isinstance(made, tuple) else [made]
        if y is not None and not np.array_equal(parts[-1], y):
            raise ConfigError("the policy mixes labels, and a file has one class: take one that keeps them")
        return list(parts[0].waves if audio else parts[0]), None if masks is None else list(parts[1])

    def explained(self) -> str:  # noqa: D102
        return explained(self.policy, self.folder)

    def noted(self) -> dict[str, Any]:  # noqa: D102
        return noted(self.policy)

    @property
    def notes(self) -> Sequence[str]:
        """What a policy may break, where it is not the default."""
        return may_break(self.policy) if self.named else []

    def draw(self, path: str, places: Sequence[int], copies: int, overwrite: bool) -> None:  # noqa: D102
        made = [self(*next(blocks(self.folder, np.array([at]))), copy) for at in places for copy in range(copies)]
        sheet.write(path, self.folder, places, made, overwrite=overwrite)


def blocks(folder: Folder, places: Places) -> Iterator[tuple[Places, list[Any], list[Any] | None]]:
    """Yield places, the rows that are read there, and their masks, as many as are held at a time."""
    held: list[int] = []
    rows: list[Any] = []
    masks: list[Any] = []
    size = 0
    for place in places.tolist():
        one: Any = folder.rows(np.array([place]))
        pictures = isinstance(one, Pictures)
        rows += list(one.x) if pictures else one.waves
        masks += list(one.masks or []) if pictures else []
        held.append(place)
        size += rows[-1].nbytes
        if size >= BLOCK:
            yield np.array(held), rows, masks if folder.masks is not None else None
            held, rows, masks, size = [], [], [], 0
    if held:
        yield np.array(held), rows, masks if folder.masks is not None else None
