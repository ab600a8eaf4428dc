"""Made images, each beside its nearest real image and its parents."""

from __future__ import annotations

from typing import Any

import numpy as np

from .element import Element, el, value
from .made import Codes, Made
from .parts import Section, key, note, said, section
from .thumbs import SMALL, Bytes, pixels, png, small

SHOWN = 12  # made images
SEARCHED = 1500  # real images among which the nearest is looked for


def images(made: Made) -> Section | None:
    """Return images that were made and what they are like; None of other kinds."""
    if made.kind != "image" or not made.count:
        return None
    shown = made.shown(SHOWN)
    fresh = pixels(made.rows, np.array(shown))
    searched = np.sort(
        np.concatenate([made.drawn(made.own, SEARCHED, "near"), made.drawn(made.others, SEARCHED // 3, "near others")])
    )
    near = searched[_nearest(fresh, made.X, searched)]
    parents = [made.parents_of(row) for row in shown]
    wanted = np.unique(np.concatenate([near, *[np.array(each, dtype=np.intp) for each in parents]])).astype(np.intp)
    real = dict(zip(wanted.tolist(), pixels(made.X, wanted), strict=True))
    figures = [
        _strip(made, row, image, int(place), mine, real)
        for row, image, place, mine in zip(shown, fresh, near, parents, strict=True)
    ]
    drawn = f" {len(searched):,} of {made.real:,} real images were searched." if len(searched) < made.real else ""
    return section(
        "images", "Images", "Made images beside real ones",
        said("Each made image, the real one nearest to it, and the real ones that it was made from. One that equals "
             "the real one gives it away."),
        key(("made-bar", "made (solid frame)"), ("real", "real (dashed frame)")),
        el("div", figures, class_="pictures"),
        note(f"{len(shown):,} of {made.count:,} made images; nearest by pixels at {SMALL} a side.{drawn}"),
    )  # fmt: skip


def _strip(made: Made, row: int, image: Bytes, near: int, parents: list[int], real: dict[int, Bytes]) -> Element:
    """Return a made image, the real one nearest to it, and its parents, side by side."""
    label = made.classes[made.made[row]]
    cells = [_cell(image, f"made image {row + 1:,} of class {label!s:.60}", "made", "of-made")]
    of = made.classes[made.codes[near]]
    other = [] if of == label else [" (", value(of, 16), ")"]
    cells.append(
        _cell(real[near], f"real image {near:,}, the nearest, of class {of!s:.60}", ["nearest real", other], "of-real")
    )
    for place in parents:
        words = ["parent", ", too" if place == near else None]
        cells.append(_cell(real[place], f"real image {place:,}, a parent", words, "of-real"))
    return el("figure", el("figcaption", value(label)), el("div", cells, class_="strip"))


def _cell(image: Bytes, says: str, words: Any, class_: str) -> Element:
    return el("div", el("img", src=png(image), alt=says), words, class_=class_)


def _nearest(fresh: list[Bytes], X: Any, places: Codes) -> Codes:
    """Return the place among `places` of the real image nearest to each made one, by pixels of a small size."""
    real = np.concatenate([small(pixels(X, places[start : start + 256])) for start in range(0, len(places), 256)])
    made = small(fresh)
    apart = (made**2).sum(axis=1)[:, None] - 2 * made @ real.T + (real**2).sum(axis=1)
    return np.asarray(apart.argmin(axis=1), dtype=np.intp)
