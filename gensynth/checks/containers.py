"""The grid's tables in other containers than pandas frames, and rows of other kinds than tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from ..data.kinds import Audio, Images, Series, Texts
from .tables import Case, N, mixed_frame, two_classes


def cases() -> Iterator[Case]:
    """Yield them all; polars frames and tensors only where those packages are at hand without a long import."""
    rng, y = np.random.default_rng(1), two_classes()
    yield from _arrays(rng, y)
    yield from _sparse(rng, y)
    yield from _polars(rng, y)
    yield from _kinds(rng, y)
    if "torch" in sys.modules:
        yield from tensors()


def tensors() -> Iterator[Case]:
    """Yield tensors; this imports torch."""
    import torch

    x, y = torch.randn(N, 3, generator=torch.Generator().manual_seed(0)), torch.arange(N) % 3
    yield Case("float tensor", x, y)
    yield Case("int tensor", (x * 100).to(torch.int32), y.tolist())


def _arrays(rng: np.random.Generator, y: Any) -> Iterator[Case]:
    x = rng.normal(size=(N, 3))
    for dtype in ("float64", "float32", "float16"):
        yield Case(f"{dtype} array", x.astype(dtype), y)
    for dtype in ("int64", "int32", "uint8"):
        yield Case(f"{dtype} array", (np.abs(x) * 60).astype(dtype), y)
    yield Case("bool array", x > 0, y)
    yield Case("word array", rng.choice(["a", "bc"], (N, 2)), y)
    yield Case("column-major array", np.asfortranarray(x), y)
    yield Case("array with holes", np.where(rng.random((N, 3)) < 0.2, np.nan, x), y)
    objects = np.empty((N, 3), dtype=object)
    objects[:, 0], objects[:, 1], objects[:, 2] = x[:, 0].tolist(), rng.choice(["a", "b"], N), [True, False] * (N // 2)
    yield Case("object array", objects, y)
    yield Case("list of rows", x.tolist(), y.tolist())


def _sparse(rng: np.random.Generator, y: Any) -> Iterator[Case]:
    dense = np.where(rng.random((N, 6)) < 0.4, rng.normal(size=(N, 6)), 0.0)
    for made in (sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.csc_array, sparse.coo_array):
        yield Case(f"sparse {made.__name__.replace('_', ' ')}", made(dense), y)
    yield Case("sparse integers", sparse.csr_array((dense * 10).astype(np.int32)), y)
    yield Case("sparse float32", sparse.csr_matrix(dense.astype(np.float32)), y)
    yield Case("sparse, one row of a class", sparse.csr_array(dense), two_classes(rare=1))


def _polars(rng: np.random.Generator, y: Any) -> Iterator[Case]:
    try:
        import polars as pl
    except ImportError:
        return
    frame = mixed_frame()
    hole = np.arange(N) % 4 == 0
    plain = pl.DataFrame({
        "x": frame["weight"].to_numpy(), "i": (frame["age"] % 100).to_numpy().astype(np.int16),
        "b": rng.random(N) < 0.4, "s": frame["town"].tolist(),
    })  # fmt: skip
    yield Case("polars", plain, pl.Series("target", y.tolist()))
    yield Case("polars words", plain.select("b", "s"), y)
    start = np.datetime64("2024-01-01", "us") + np.arange(N) * 10**9
    more = plain.with_columns(
        c=pl.Series(frame["town"].tolist(), dtype=pl.Categorical),
        e=pl.Series(y.tolist(), dtype=pl.Enum(["rare", "common", "x"])),
        d=pl.Series(start).cast(pl.Date), t=pl.Series(start).dt.replace_time_zone("Europe/Berlin"),
        f=pl.Series(rng.normal(size=N), dtype=pl.Float32), o=pl.Series([None] * N, dtype=pl.Null),
        n=pl.Series([None if gap else 5 * row for row, gap in enumerate(hole)], dtype=pl.UInt32),
        h=pl.Series([None if gap else "w" for gap in hole]), u=pl.Series(start - start[0]),
    )  # fmt: skip
    yield Case("polars of all sorts", more, y)


def _kinds(rng: np.random.Generator, y: Any) -> Iterator[Case]:
    pixels = rng.integers(0, 256, (N, 6, 5, 3)).astype(np.uint8)
    boxes = [np.full((row % 3, 4), row) for row in range(N)]
    yield Case("images", Images(pixels, masks=pixels[..., 0] > 99, boxes=boxes), y)
    yield Case("image array", pixels, y)
    yield Case("float images", rng.random((N, 1, 8, 7)).astype(np.float32), y)
    yield Case("series", Series(rng.normal(size=(N, 2, 9))), y)
    yield Case("unequal series", Series([rng.normal(size=(2, 5 + row % 4)) for row in range(N)]), y)
    yield Case("texts", Texts([f"text {row}, größer" for row in range(N)]), y)
    yield Case("list of texts", [f"text {row}" for row in range(N)], y)
    yield Case("audio", Audio([rng.normal(size=50 + row) for row in range(N)], 8000), y)
