"""Codes of images drawn anew, class by class: around real codes, between them, or from one normal.

Row i of class c has the point N(m_i, diag(s_i^2)). With n_c rows in the class, n in all C classes, and d the width of z

    T_c = mean_(i in c) (m_i - M_c)(m_i - M_c)' + diag(s_i^2),   M_c = mean_(i in c) m_i
    P   = sum_i (m_i - M_c(i))(m_i - M_c(i))' / (n - C) + mean_i diag(s_i^2)
    S_c = (n_c T_c + d P) / (n_c + d)

so that a class of few rows borrows how the others vary. A code is then, with e ~ N(0, I), L L' = S_c, and a row i drawn
evenly among those of its class

    mixture   z = m_i + SPREAD L e             a kernel density, one normal a row
    smote     z = m_i + u (m_j - m_i)          u ~ U(0, 1), j one of the MATES nearest; of a class of one row as mixture
    normal    z = (n_c M_c + M) / (n_c + 1) + L e,   M = mean_i m_i
    detail    z as mixture, and with D the decoder and x_i the image of row i the new image is

              x = x_i + D(z) - D(m_i)

Detail is what decoders of few numbers leave out, so it is taken from the image at the centre: what changes is what the
codes know of, and the rest stays as sharp as it was.

References: Silverman 1986, "Density estimation for statistics and data analysis", sec. 4.2 and 6.4 (kernels shaped as
the data are, and draws from them); Chawla et al. 2002, JAIR 16, sec. 4.2 (SMOTE); Dablain et al. 2022,
arXiv:2105.02340 (between codes of images); Ghosh et al. 2020, arXiv:1903.12436, sec. 4 (a normal fitted to codes).

DIFFERS from Silverman: the kernel is as wide for many rows as for few, since narrow ones return the images of training,
and codes are not drawn together to keep their variance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from ..errors import FormatError
from ..random import as_generator, cell_normals, cell_uniforms
from .base import Codes
from .detail import Detail

Floats = npt.NDArray[np.float64]
Sampler = Literal["detail", "mixture", "smote", "normal"]
PARTS = ("starts", "centres", "mates", "roots")
SPREAD = 0.6
MATES = 5
ENOUGH, MOST = 200, 40  # points of a class, and of a row at most
JITTER = 1e-6  # added to variances


@dataclass(frozen=True)
class Around:
    """What codes are drawn around, of one class after another, and how far from it.

    Shape: starts (classes + 1,) where each class's centres begin, and their end; centres (K, d); mates (K, MATES), the
    places of each one's, as many as the class has, or its own place; roots (classes, d, d), L times how far. Of
    "detail" also the images at the K centres.
    """

    starts: npt.NDArray[np.int64]
    centres: Floats
    mates: npt.NDArray[np.int64]
    roots: Floats
    detail: Detail | None = None

    @classmethod
    def fit(
        cls, m: Floats, s: Floats, codes: Codes, *, sampler: Sampler, components: int, key: int,
        detail: Detail | None = None,
    ) -> Self:  # fmt: skip
        """Learn from the points of rows; `detail` is that of all of them.

        Shape: m, s (n, d) with n > 0; codes (n,) their classes, from 0 on, each at least once. Of a class of more than
        `components` rows that many, evenly drawn, are centres.
        """
        width, counts = m.shape[1], np.bincount(codes)
        means = np.stack([m[codes == code].mean(axis=0) for code in range(len(counts))])
        apart, noise = m - means[codes], np.eye(width) * (s**2).mean(axis=0)
        common = apart.T @ apart / max(len(m) - len(counts), 1) + noise
        starts, centres, mates, roots, held = 0, [], [], [], []
        for code, rows in enumerate(counts.tolist()):
            mine = codes == code
            own = apart[mine].T @ apart[mine] + np.diag((s[mine] ** 2).sum(axis=0))
            root = np.linalg.cholesky((own + width * common) / (rows + width) + JITTER * np.eye(width))
            some = np.sort(as_generator(key, "centres", code).permutation(rows)[:components])
            points = m[mine][some]
            held.append(np.flatnonzero(mine)[some])
            if sampler == "normal":
                points = (rows * means[[code]] + m.mean(axis=0)) / (rows + 1)
            elif sampler == "smote" and len(points) > 1:
                root = np.zeros_like(root)
            else:
                root = SPREAD * root
            near = _mates(points) if sampler == "smote" else np.arange(len(points))[:, None].repeat(MATES, axis=1)
            centres.append(points)
            mates.append(starts + near)
            roots.append(root)
            starts += len(points)
        begin = np.cumsum([0, *map(len, centres)]).astype(np.int64)
        made = begin, np.concatenate(centres), np.concatenate(mates).astype(np.int64), np.stack(roots)
        return cls(*made, None if detail is None else detail.some(np.concatenate(held)))

    def draw(self, codes: Codes, rows: Codes, key: int) -> Floats:
        """Return a code for each class, the same for a row whichever others there are. Shape: (n,), (n,) to (n, d)."""
        i, j, u = self._pairs(codes, rows, key)
        z = self.centres[i] + u * (self.centres[j] - self.centres[i])
        e = cell_normals(key, rows, "z", self.centres.shape[1])
        return np.asarray(z + np.einsum("nij,nj->ni", self.roots[codes], e))

    def places(self, codes: Codes, rows: Codes, key: int) -> npt.NDArray[np.int64]:
        """Return the places of the centres that `draw` draws around. Shape: (n,), (n,) to (n,)."""
        return self._pairs(codes, rows, key)[0]

    def _pairs(self, codes: Codes, rows: Codes, key: int) -> tuple[npt.NDArray[np.int64], Codes, Floats]:
        """Return centres, their mates, and how far from the first to the second. Shape: (n,), (n,), (n, 1)."""
        u = cell_uniforms(key, rows, "around", 3)
        count = np.diff(self.starts)[codes]
        i = self.starts[codes] + (u[:, 0] * count).astype(np.int64)
        return i, self.mates[i, (u[:, 1] * np.clip(count - 1, 1, MATES)).astype(np.int64)], u[:, 2:]

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Return what was learned as arrays."""
        detail = {} if self.detail is None else self.detail.pack()
        return {name: getattr(self, name) for name in PARTS} | {f"detail/{name}": part for name, part in detail.items()}

    @classmethod
    def unpack(cls, arrays: dict[str, npt.NDArray[Any]], classes: int, width: int) -> Self:
        """Return what `pack` gave. Raises: KeyError where an array is lacking; FormatError where one cannot be."""
        starts, centres, mates, roots = (arrays[name] for name in PARTS)
        made = cls(starts, centres, mates, roots)
        count = len(made.centres)
        shapes = [(classes + 1,), (count, width), (count, MATES), (classes, width, width)]
        whole = [array.shape for array in (made.starts, made.centres, made.mates, made.roots)] == shapes
        if not whole or made.starts.dtype.kind != "i" or made.mates.dtype.kind != "i":
            raise FormatError("the codes are not those of the classes and the networks")
        inside = count > 0 and made.mates.min() >= 0 and made.mates.max() < count
        if not inside or made.starts[0] != 0 or made.starts[-1] != count or (np.diff(made.starts) < 1).any():
            raise FormatError("the codes are not those of the classes and the networks")
        if not all(np.isfinite(array).all() for array in (made.centres, made.roots)):
            raise FormatError("the codes hold numbers that are not finite")
        detail = {name.partition("/")[2]: arrays[name] for name in arrays if name.startswith("detail/")}
        return replace(made, detail=Detail.unpack(detail, count)) if detail else made


def copies(codes: Codes) -> npt.NDArray[np.int64]:
    """Return how many points rows are to have: their own, and those of lightly moved copies where a class has few.

    So a rare class also varies as moves of its images do, which a covariance cannot tell. Shape: (n,) to (n,).

    >>> copies(np.repeat([0, 1, 2], [300, 60, 2])).tolist()[299:301], int(copies(np.zeros(2, dtype=int)).max())
    ([1, 4], 40)
    """
    return np.clip(-(-ENOUGH // np.bincount(codes)[codes]), 1, MOST)


def _mates(points: Floats) -> npt.NDArray[np.int64]:
    """Return the MATES nearest of each point; where there are fewer, 0 in their place. Shape: (n, d) to (n, MATES)."""
    made, count = np.zeros((len(points), MATES), dtype=np.int64), min(MATES, len(points) - 1)
    if count:
        made[:, :count] = NearestNeighbors(n_neighbors=count).fit(points).kneighbors(return_distance=False)
    return made
