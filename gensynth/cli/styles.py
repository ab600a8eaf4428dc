"""Styles of other images on the command line: `transform --style`, and sheets of contents, styles and results.

Of k styles, each k images of the folder that follow one another are given each style once, in an order of their own;
another copy is given the next style of that order: styles are used evenly, and the copies of an image differ. Strength,
and what a network draws around a style, are keyed by row r and epoch c. So copy c of image r depends on nothing else
that is made. Masks stay as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..balance import Balancer
from ..errors import ConfigError, DataError
from ..generators.style import StyleTransfer
from ..recipe import Change, Named, build_generator
from ..store.image_folder import ImageFolder
from ..transforms.draws import Draws
from . import pictures, sheet
from .changing import Changed, Changing, Places, Written, blocks
from .folders import Folder
from .made import Made

MOST = 6  # copies of an image that a sheet shows


@dataclass(frozen=True)
class ByStyle(Changing):
    """Gives images the styles of a folder, as a generator knows them once it `learned`."""

    folder: Folder
    bank: ImageFolder
    generator: StyleTransfer
    asked: str

    @classmethod
    def of(cls, job: Change, folder: Folder) -> Self:
        """Return what a job asks for. Raises: ConfigError, DataError."""
        generator = build_generator(Named(name="StyleTransfer", params=job.params), seed=job.seed)
        generator._check_params()
        try:
            bank = ImageFolder(str(job.style))
        except (ConfigError, DataError) as error:
            raise type(error)(f"--style {error}") from None
        for note in bank.notes:
            print(f"gensynth: note: {job.style}: {note}", file=sys.stderr)
        generator.styles = bank
        copies = "1 copy" if job.copies == 1 else f"{job.copies:,} copies"
        each = f"{copies} of each of {len(folder.listing):,} images, in the styles of {len(bank):,} of {job.style}"
        return cls(folder, bank, generator, each)

    def learned(self, count: int) -> Self:  # noqa: D102 -- the base documents it
        from ..generators.styling import Telling

        self.generator.fit(pictures.Pictures(self.folder.listing.paths))
        log = getattr(self.generator.style_, "log", None)
        if log is not None:
            log.told = Telling.of(self.generator, count)
        return self

    def __call__(self, places: Places, rows: list[Any], masks: list[Any] | None, copy: int) -> Changed:
        """Return one copy of rows in other styles, and the files of their masks."""
        from ..transforms.image.restyle import Restyle

        styles, strength = self._given(places, copy)
        style, here = self.generator.style_.drawn(styles, self._draws(places, copy).key, places)
        made = Restyle.of(style, here, strength)(rows, index=np.arange(len(places)))
        files = self.folder.masks
        return list(made), None if files is None else [files[place] for place in places.tolist()]

    def explained(self) -> str:  # noqa: D102
        low, high = self.generator._range()
        return "\n".join(
            [f"{self.asked}, by {self.generator.method} at a strength of {low:g} to {high:g}", *self.notes]
        )

    def noted(self) -> dict[str, Any]:  # noqa: D102
        made = self.generator
        done = {name: getattr(made, f"{name}_") for name in ("steps", "ended") if hasattr(made, f"{name}_")}
        again = made.repeating()
        return {
            "style": {"method": made.method, "strength": [*made._range()], "images": len(self.bank), **done},
            **({"repeat": again} if again else {}),
        }

    @property
    def notes(self) -> Sequence[str]:
        """What may be broken, and what was."""
        from ..transforms.image.restyle import Restyle

        return [f"StyleTransfer may break labels: {Restyle.breaks}", *spoilt(self.generator)]

    def draw(self, path: str, places: Sequence[int], copies: int, overwrite: bool) -> None:  # noqa: D102
        def results(place: int) -> list[Any]:
            held = next(blocks(self.folder, np.array([place])))
            return [self(*held, copy)[0][0] for copy in range(min(copies, MOST))]

        sheet.write_styles(path, self._lines(places, results), overwrite=overwrite)

    def draw_written(self, path: str, places: Sequence[int], root: Path, written: Written, overwrite: bool) -> None:
        """Write a sheet of copies that were written into a folder."""
        lines = self._lines(places, lambda place: [root / name for name in written[place][:MOST]])
        sheet.write_styles(path, lines, overwrite=overwrite)

    def _lines(self, places: Sequence[int], results: Any) -> Iterator[tuple[str, list[Any]]]:
        """Yield the class of each image, and itself, with the style and the result of each copy."""
        listing = self.folder.listing
        for place in places:
            line: list[Any] = [listing.paths[place]]
            for copy, result in enumerate(results(place)):
                style = int(self._given(np.array([place]), copy)[0][0])
                line += [self.bank.decoded(style), result]
            yield "" if listing.labels is None else listing.labels[place], line

    def _given(self, places: Places, copy: int) -> tuple[Places, Any]:
        """Return whose style each row is given, by its place in the folder, and the strength. Shape: (m,) each."""
        k = len(self.bank)
        turns, which = np.unique(places // k, return_inverse=True)
        orders = self._draws(turns, copy // k).uniform_table("styles", k).argsort(axis=1)
        strength = self._draws(places, copy).uniform("strength", *self.generator._range())
        return orders[which, (places + copy) % k], strength

    def _draws(self, places: Places, copy: int) -> Draws:
        return Draws.of(self.generator.seed_, copy, places)


def spoilt(generator: Any) -> list[str]:
    """Return a sentence where painting spoilt images."""
    count = getattr(getattr(getattr(generator, "style_", None), "log", None), "spoilt", 0)
    return [f"{count:,} made images met a loss that is not finite, and are as good as before"] if count else []


def sheet_beside(out: str) -> str:
    """Return where the sheet of an output is written."""
    return f"{out}.sheet.png"


def draw_made(path: str, balancer: Balancer, made: Made, root: Path, names: Sequence[str], overwrite: bool) -> None:
    """Write a sheet of some images that `balance` made in other styles, and say where, and what was spoilt.

    Arguments:
        path: a PNG file.
        balancer: with a `StyleTransfer` of `pictures`.
        made: (m,) images.
        root: the folder that they were written to.
        names: (m,) of their files.
        overwrite: replace a file that is there.
    """
    bank, labels = balancer.generator_.bank, [str(label) for label in made.labels]
    lines = []
    for place in sheet.chosen(labels) if labels else []:
        item = made.rows.items[place]
        given = item.policy.known
        style = given.style.origins(given.styles[[item.row]])
        lines.append((labels[place], [item.path, bank[int(style[0])], root / names[place]]))
    for note in spoilt(balancer.generator_):
        print(f"gensynth: note: {note}", file=sys.stderr)
    if lines:
        sheet.write_styles(path, lines, overwrite=overwrite)
        print(f"Sheet: {path}", file=sys.stderr)
