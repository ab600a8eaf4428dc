"""Variational autoencoder: rows become points of few numbers, and points rows; for tables and images.

    log p(row | class) >= E_q log p(row | z, class) - weight * KL(q(z | row, class) || N(0, I))

What a network is, and what log p is, stands in `nn.vae` for tables and in `nn.image_vae` for images. New rows come from
a density fitted to the points of each class's rows and not from N(0, I), which has holes where no row lies: `mixtures`
for tables, `latent` for images.

References: Kingma and Welling 2014, arXiv:1312.6114; Xu et al. 2019, arXiv:1907.00503, sec. 4.4 (TVAE, on tables);
Ghosh et al. 2020, arXiv:1903.12436, sec. 4 (the density fitted afterwards).

DIFFERS from Xu et al.: numbers are codes with a softmax instead of normals around modes, the class is given to both
networks, and categories are drawn from the softmax.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, get_args

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.kinds import Kind
from ..errors import ConfigError, DataError
from ..random import as_generator
from .base import Codes, Draw, Supports
from .latent import Around, Sampler
from .mixtures import MOST_ROWS, Mixtures
from .trained import Trained
from .training import Pace, check_count, check_rate, check_widths
from .vae_images import Pictures
from .vae_tables import Tables

if TYPE_CHECKING:
    import torch

    from ..nn.task import Task

Floats = npt.NDArray[np.float64]
SAMPLERS = get_args(Sampler)


class VAE(Trained):
    """Rows decoded from points of a space in which like rows lie close together: of tables, and of images.

    Fast to train, fast to sample, and the one whose space can be walked: `encode` gives the points of rows, `decode`
    the rows of points, `interpolate` the rows between two. Of tables `Autoregressive` keeps more of what columns have
    to do with one another, and holds columns at values. Images have 4 to 256 pixels a side, all of one size.

    Few rows: a class of 1 to 5 is mostly what all rows have in common: its points are spread as those of the other
    classes are, and of images those of lightly moved copies go with them, until a class has 200 points or 40 a row:
    turned by up to 10 degrees, slanted by up to 5, shifted and zoomed by up to a tenth, never mirrored. Classes of more
    rows have spreads of their own. From 200 rows on a tenth is held out to tell when to stop; with fewer all `steps`
    are done.

    A saved file holds points of real rows, from which these can nearly be made again, where `sampler` draws around or
    between them: of images unless it is "normal", of tables only if it is "smote". Of "detail" it holds the images,
    and made images have the one that their detail is of as parent.

    Arguments:
        hidden: widths of the layers, at least one, the same in both networks; of convolutions that of the largest grid
            first. None for 256, 256; of images 32, 64.
        noise: width of the space, at least 1; None for 16, of images 32.
        weight: of the KL divergence, above 0; None for 0.7, of images 0.0002. 1 is the bound itself; less keeps more of
            each row in its point.
        sampler: how points are drawn. "mixture": of tables from few normals a class, of images around the point of a
            real one, as far as those of all classes are spread; "detail", of images: as "mixture", and what the decoder
            leaves out of that real one is put back, so that edges and texture are its own; "smote": between the points
            of two like rows; "normal": from one normal a class. None for "mixture", of images "detail".
        components: normals in the mixture of a class at most, at least 1; of n rows of a table there are n / 16, or the
            root of n, and None for 200 at most; of images, points that are drawn around, those of moved copies among
            them, and None for 20,000.
        steps: training steps at most, at least 1; None for 16 passes through the rows, between 400 and 6,000 steps; of
            images 26, at least 800.
        max_time: bound on training, such as "90s", "2m" or a number of seconds; None for none.
        training: further settings of training, see `generators.training.Training`: batch_size, lr, patience, device,
            checkpoint_dir, pictures_dir, progress, trainer_kwargs.
        schema: kinds of columns to take instead of the inferred ones.
        random_state: int for results that repeat, or None.

    After `fit`: `history_`, a record a round of step, seconds, loss, its parts (error, distance; of images told, how
    well points tell the class) and held-out score; `hidden_`, `noise_`, `weight_`, `sampler_`, `steps_`, `batch_size_`,
    `lr_` as resolved; `spread_`, what points are drawn from; what `ended_` training.

    Example:
        >>> X = np.repeat([[0.0, 1.0], [5.0, 2.0]], 50, axis=0)
        >>> model = VAE(hidden=(16,), noise=2, steps=200, random_state=0).fit(X, ["a"] * 50 + ["b"] * 50)
        >>> model.sample(2, y="b").tolist(), model.encode(X, ["a"] * 50 + ["b"] * 50).shape
        ([[5.0, 2.0], [5.0, 2.0]], (100, 2))
    """

    supports: ClassVar[Supports] = Supports(
        kinds=frozenset({"table", "image"}), categories=True, missing=True, prefix=True, parents=False
    )  # fmt: skip
    paces: ClassVar[Mapping[Kind, Pace]] = {
        "table": Pace(passes=16.0, rate=3e-3),
        "image": Pace(passes=26.0, least=800, rate=2e-3, batch=64, lifts=True),
    }

    def __init__(
        self, *, hidden: Sequence[int] | None = None, noise: int | None = None, weight: float | None = None,
        sampler: Sampler | None = None, components: int | None = None,
        steps: int | None = None, max_time: str | float | None = None, training: Mapping[str, Any] | None = None,
        schema: Mapping[Any, str] | None = None, random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.hidden, self.noise, self.weight, self.sampler = hidden, noise, weight, sampler
        self.components = components
        self.steps, self.max_time, self.training = steps, max_time, training
        self.schema, self.random_state = schema, random_state

    def _check_params(self) -> None:
        super()._check_params()
        if self.hidden is not None:
            check_widths("hidden", self.hidden, 1)
        check_count("noise", self.noise)
        check_count("components", self.components)
        check_rate("weight", self.weight)
        if self.sampler is not None and (not isinstance(self.sampler, str) or self.sampler not in SAMPLERS):
            raise ConfigError(f"sampler must be {', '.join(map(repr, SAMPLERS))}, got {self.sampler!r:.60}")

    @property
    def _side(self) -> Any:
        """What depends on the kind of the rows."""
        return (Tables if self.kind_ == "table" else Pictures)(self)

    @property
    def hidden_(self) -> Sequence[int]:
        """The widths as resolved."""
        return self._side.hidden if self.hidden is None else self.hidden

    @property
    def noise_(self) -> int:
        """The width of the space as resolved."""
        return self._side.noise if self.noise is None else self.noise

    @property
    def sampler_(self) -> Any:
        """How points are drawn, as resolved."""
        return self._side.sampler if self.sampler is None else self.sampler

    @property
    def weight_(self) -> float:
        """The weight of the divergence as resolved."""
        return self._side.weight if self.weight is None else self.weight

    def _task(self, rng: torch.Generator) -> Task:
        task: Task = self._side.task(rng)
        return task

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        if self.kind_ == "table" and self.sampler == "detail":
            raise ConfigError("sampler='detail' is for images, and this is a table: leave it out, or say 'mixture'")
        super()._fit(rows, codes, key)
        classes, order = len(self.labels_.counts), as_generator(key, "points").permutation(len(codes))
        some = np.sort(np.concatenate([order[codes[order] == code][:MOST_ROWS] for code in range(classes)]))
        self.spread_: Mixtures | Around = self._side.spread(rows[some], codes[some], some, key)

    def _shown(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self._side.shown(x, y)
        return made

    def _sample(self, codes: Codes, key: int) -> Draw:
        spots = np.arange(len(codes))
        parents = self._side.parents(codes, spots, key)
        return Draw(self._side.made(codes, spots, key), parents, np.ones(parents.shape))

    # Public beside the contract ----------------------------------------------------------------------------------

    def encode(self, X: Any, y: Any = None) -> Floats:
        """Return the points of rows: the means of q(z | row, class).

        Arguments:
            X: (n, p) rows with the columns of training.
            y: (n,) their classes, or one class for all; None where the generator was fitted without labels.

        Returns: (n, noise).

        Raises: NotFitted; UnknownCategory for a class that was not in training; ConfigError where y is lacking or not
        of n labels; DataError for a category, or a missing cell of a column, that was not in training, or where columns
        are missing.
        """
        self._check_fitted()
        rows = self._side.read(X)
        means: Floats = self._side.points(rows, self.labels_.of_rows(y, len(rows)))[0]
        return means

    def decode(self, Z: Any, y: Any = None, *, random_state: Any = None) -> Any:
        """Return rows drawn from p(row | z, class), in the container that `fit` saw.

        Arguments:
            Z: (n, noise) points, such as `encode` gives.
            y: (n,) the classes of the rows, or one class for all; None where the generator was fitted without labels.
            random_state: as in `sample`.

        Raises: NotFitted; UnknownCategory for a class that was not in training; ConfigError where y is lacking or not
        of n labels; DataError where Z is not of such a shape, or not finite.
        """
        self._check_fitted()
        z = self._checked(Z)
        codes = self.labels_.of_rows(y, len(z))
        return self._decoded(z, codes, np.arange(len(z)), self._next_key(random_state))

    def interpolate(self, a: Any, b: Any, n: int = 8, *, y: Any = None, random_state: Any = None) -> Any:
        """Return n rows along the straight line from the point of a row to that of another.

        All are drawn with the same random numbers, so that a cell changes where its distribution does. The first and
        the last are decoded as well: like a and b, not equal to them.

        Arguments:
            a: one row, such as X[:1]: a table with the columns of training, or an image of its size.
            b: another.
            n: how many rows, at least 2.
            y: the class of all of them; None where the generator was fitted without labels.
            random_state: as in `sample`.

        Raises: as `encode`; ConfigError where a or b has not one row, or n is below 2.
        """
        self._check_fitted()
        check_count("n", n, 2, optional=False)
        ends = [self.encode(end, y) for end in (a, b)]
        if any(len(end) != 1 for end in ends):
            raise ConfigError(
                f"a and b must be one row each, such as X[:1], got {len(ends[0])} and {len(ends[1])} rows"
            )
        t = np.linspace(0, 1, n)[:, None]
        z = (1 - t) * ends[0] + t * ends[1]
        return self._decoded(z, self.labels_.of_rows(y, n), np.zeros(n, dtype=np.intp), self._next_key(random_state))

    def _decoded(self, z: Floats, codes: Codes, spots: Codes, key: int) -> Any:
        return self.encoder_.decode(self._side.made(codes, spots, key, z), as_generator(key, "identifiers"))

    def _checked(self, Z: Any) -> Floats:
        """Return points as an array. Raises: DataError."""
        try:
            z = np.asarray(Z, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(f"Z must be an array of numbers, got {type(Z).__name__}") from None
        if z.ndim != 2 or z.shape[1] != self.noise_ or not np.isfinite(z).all():
            raise DataError(
                f"Z must be finite numbers of shape (n, {self.noise_}), as encode gives, got shape {z.shape}"
            )
        return z

    @property
    def keeps_rows(self) -> bool:
        """Whether a file of it holds the points of real rows."""
        return isinstance(self.spread_, Around) and self.sampler_ != "normal"

    # Files -------------------------------------------------------------------------------------------------------

    def _state(self) -> saved.Packed:
        meta, arrays = super()._state()
        return meta, arrays | {f"mixtures/{name}": array for name, array in self.spread_.pack().items()}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        mine = {name: arrays[name] for name in arrays if name.startswith("mixtures/")}
        super()._restore(meta, {name: array for name, array in arrays.items() if name not in mine})
        named = {name.partition("/")[2]: array for name, array in mine.items()}
        self.spread_ = self._side.spreads.unpack(named, len(self.labels_.counts), self.noise_)
        self._side.check()
