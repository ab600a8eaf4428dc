"""Autoregressive network: a row is made column by column, each given the class and the columns before it.

    p(row | class) = prod_j p(x_j | class, columns before j)

The columns are codes (`data.codes`); the mathematics of the networks stands in `nn.autoregressive`. They are trained on
all rows with the class as the first column, so that a rare class borrows what it has in common with the others, and in
random orders of the columns, so that any columns can be held. Columns that stand before held ones, h, are then chosen
among candidates x_1 ... x_K drawn from q, so that they follow as closely as the order of the columns has it

    P(x_i is kept) = w_i / sum_k w_k,    w_i = p(x_i, h | class) / q(x_i)

References: Uria, Murray and Larochelle 2014, arXiv:1310.1757 (all orders); van den Oord et al. 2016, arXiv:1601.06759
(numbers as codes with a softmax); Rubin 1988, "Using the SIR algorithm to simulate posterior distributions", Bayesian
Statistics 3 (the choice among candidates).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..data.kinds import Kind
from ..errors import ConfigError, DataError
from ..random import uniforms
from .base import Codes, Draw, Supports
from .coded import BLOCK, Ints
from .holding import Holding
from .training import Pace, check_rate, check_widths

if TYPE_CHECKING:
    import torch

    from ..nn.autoregressive import Conditionals

Floats = npt.NDArray[np.float64]


class Autoregressive(Holding):
    """Rows made column by column by networks that are trained on all rows, the class first.

    The strongest of the trained generators on tables: seconds to a minute on two processor cores. It holds any columns
    at values (`conditions`), fills in missing cells (`impute`) and says how likely rows are (`log_density`).

    Few rows: a class that holds less than half an even share is learned up to four times in a pass, without which its
    rows come out too much like those of the others (VAE and WGAN do not need it). A class of 1 to 5 is mostly what all
    rows have in common, seen through the few; values are taken from all rows. From 200 rows on a tenth is held out to
    tell when to stop, by its likelihood in the order of the columns; with fewer all `steps` are done.

    Conditions are checked one by one: each must occur in a row of the class, but of values that no row holds together
    rows are made as the network sees fit.
    Where a held column stands after others, those are chosen among 2,048 candidates for 64 to 512 rows, the fewer rows
    the rarer what they hold: some 2 ms a row at most. So what goes with a value that a few dozen rows of the class hold
    does follow it; of a value that less than ten hold, it follows but in part what other classes say otherwise.

    Arguments:
        hidden: widths of the layers, at least two, each at least 1.
        order: "any" learns half of the rows in random orders of the columns, which `conditions` and `impute` need;
            "columns" the order of the columns alone.
        dropout: share of units that a row goes without while it is learned, in [0, 1).
        steps: training steps at most, at least 1; None for 14 passes through the rows, between 400 and 6,000 steps.
        max_time: bound on training, such as "90s", "2m" or a number of seconds; None for none.
        training: further settings of training, see `generators.training.Training`: batch_size, lr, patience, device,
            checkpoint_dir, progress, trainer_kwargs.
        schema: kinds of columns to take instead of the inferred ones.
        random_state: int for results that repeat, or None.

    After `fit`: `history_`, a record a round of step, seconds, loss and held-out score (nats a row); `steps_`,
    `batch_size_`, `lr_` as resolved.

    Example:
        >>> X = np.repeat([[0.0, 1.0], [5.0, 2.0]], 50, axis=0)
        >>> model = Autoregressive(hidden=(16, 16), steps=200, random_state=0).fit(X, ["a"] * 50 + ["b"] * 50)
        >>> model.sample(2, y="b").tolist()
        [[5.0, 2.0], [5.0, 2.0]]
    """

    supports: ClassVar[Supports] = Supports(
        categories=True, missing=True, conditions=True, prefix=True, parents=False
    )  # fmt: skip
    paces: ClassVar[Mapping[Kind, Pace]] = {"table": Pace(lifts=True)}
    task_: Conditionals

    def __init__(
        self, *, hidden: Sequence[int] = (128, 128, 128), order: str = "any", dropout: float = 0.2,
        steps: int | None = None, max_time: str | float | None = None, training: Mapping[str, Any] | None = None,
        schema: Mapping[Any, str] | None = None, random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.hidden, self.order, self.dropout, self.steps = hidden, order, dropout, steps
        self.max_time, self.training, self.schema, self.random_state = max_time, training, schema, random_state

    def _check_params(self) -> None:
        super()._check_params()
        check_widths("hidden", self.hidden, 2)
        if self.order not in ("any", "columns"):
            raise ConfigError(f"order must be 'any' or 'columns', got {self.order!r}")
        if self.dropout != 0:
            check_rate("dropout", self.dropout, most=1.0, optional=False)

    def _task(self, rng: torch.Generator) -> Conditionals:
        from ..nn.autoregressive import Conditionals

        ordered = 0.5 if self.order == "any" else 1.0
        return Conditionals(
            self.form_.sizes,
            self.form_.ranks,
            self.hidden,
            lr=self.lr_,
            dropout=self.dropout,
            ordered=ordered,
            rng=rng,
        )

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        return self._sample_given(codes, key, {})

    def _sample_given(self, codes: Codes, key: int, given: Mapping[int, float]) -> Draw:
        from .completing import completed, preceded

        known = self._known(codes, self._held(np.unique(codes), given))
        with self._ready(np.unique(codes)) as (task, refused):
            made = completed(task, preceded(task, known, key, refused), key, refused)
        rows = self._decoded(made, key)
        for place, value in given.items():
            rows[:, place] = value
        return Draw(rows)

    @contextmanager
    def _ready(self, classes: Codes, present: bool = False) -> Iterator[tuple[Conditionals, torch.Tensor]]:
        """Give the networks and the codes that are not made, where they are to work.

        With `present`, missing cells are none of what is made.
        """
        import torch

        refused = self.form_.refused(classes)
        if present:
            for end, column in zip(np.cumsum(self.form_.codebook.sizes), self.form_.codebook.columns, strict=True):
                refused[:, end - column.missing : end] = True
                cells = refused[:, end - column.size : end - column.missing]
                cells[cells.all(axis=1)] = False  # a class that never had such a cell takes those of all rows
        with self._at_work() as (task, device):
            yield task, torch.from_numpy(refused).to(device)

    def _decoded(self, coded: Ints, key: int) -> Floats:
        """Return coded rows as rows of the coded matrix. Shape: (n, 1 + columns) to (n, columns)."""
        u = self.form_.uniforms(key, np.arange(len(coded)), "inside")
        rows: Floats = self.form_.codebook.decode(coded[:, 1:], u)
        return rows

    # Conditions --------------------------------------------------------------------------------------------------

    def _held(self, codes: Codes, given: Mapping[int, float]) -> dict[int, int]:
        if given and self.order == "columns":
            raise ConfigError("order='columns' learned one order alone: fit with order='any' to hold columns at values")
        return super()._held(codes, given)

    def _together(self, classes: Codes, held: Mapping[int, int]) -> Floats:
        from .completing import tried

        with self._ready(classes) as (task, refused):
            logs, _ = tried(task, self._known(classes, held), refused)
        return np.asarray(np.exp(logs - logs.max(initial=-np.inf)))

    def _likelihood(self, coded: Ints) -> Floats:
        """Return log p(known columns | class). Shape: (n, 1 + columns), -1 for what is not known; returns (n,)."""
        import torch

        parts = np.split(coded.astype(np.int64), range(BLOCK, len(coded), BLOCK))
        return np.concatenate([self.task_.likelihood(torch.from_numpy(part)).numpy() for part in parts]).astype(float)

    # Public beside the contract ----------------------------------------------------------------------------------

    def log_density(self, X: Any, y: Any = None) -> Floats:
        """Return how likely rows are within their class: the log of a density of numbers, a probability of the rest.

        Arguments:
            X: (n, p) rows with the columns of training.
            y: (n,) their classes, or one class for all; None where the generator was fitted without labels.

        Returns: (n,), -inf where a category was not in training, or a number where none is made. Rare levels that
            share a code count as equally frequent, and codes that `sample` does not make for a class as the network
            has them.

        Raises: NotFitted; UnknownCategory for a class that was not in training; DataError where columns are missing.
        """
        self._check_fitted()
        rows = self.encoder_.encode(X)
        codes, classes = self.form_.codebook.encode(rows), self.labels_.of_rows(y, len(rows))
        known = np.where(self.form_.codebook.silent(codes), -1, codes)
        found = self._likelihood(np.concatenate([classes[:, None], known], axis=1))
        return np.asarray(found - self.form_.codebook.log_width(rows, codes))

    def impute(self, X: Any, y: Any = None, *, random_state: Any = None) -> Any:
        """Return rows whose missing cells are filled in, each drawn given the class and all cells that the row has.

        All other cells, identifiers among them, and the index stay as they are.

        Arguments:
            X: (n, p) rows with the columns of training.
            y: (n,) their classes, or one class for all; None where the generator was fitted without labels, and else
                for classes drawn given the cells that the rows have.
            random_state: as in `sample`.

        Raises: NotFitted; ConfigError with `order="columns"`; DataError for a category that was not in training, or
        where columns are missing.
        """
        from .completing import completed, preceded_alone

        self._check_fitted()
        if self.order == "columns":
            raise ConfigError("order='columns' learned one order alone: fit with order='any' to fill in missing cells")
        key, rows = self._next_key(random_state), self.encoder_.encode(X)
        coded = self.form_.codebook.encode(rows)
        holes = np.isnan(rows)
        for place, column in enumerate(self.form_.codebook.columns[: self.form_.codebook.width]):
            if not column.whole and holes[:, place].any():
                holes[:, place] = False  # nothing but missing cells was ever seen there
        unknown = (coded[:, : self.form_.codebook.width] < 0) & ~holes & ~np.isnan(rows)
        if unknown.any():
            row, place = (int(at[0]) for at in np.nonzero(unknown))
            raise DataError(
                f"column {self.encoder_.coded_[place].name!r}, row {row}: a category that was not in training"
            )
        known = np.where(holes[:, self.form_.codebook.sources], -1, coded)
        drawn = y is None and len(self.labels_) > 1
        classes = self._classes_drawn(known, key) if drawn else self.labels_.of_rows(y, len(rows))
        whole = np.concatenate([classes[:, None], known], axis=1).astype(np.int16)
        with self._ready(np.unique(classes), present=True) as (task, refused):
            filled = completed(task, preceded_alone(task, whole, key, refused), key, refused)
        made = self._decoded(filled, key)
        return self.encoder_.fill(X, np.where(holes, made, rows), holes)

    def _classes_drawn(self, known: Ints, key: int) -> Codes:
        """Return a class for each row, drawn from p(class | what is known of the row)."""
        scores = np.stack([
            self._likelihood(np.concatenate([np.full((len(known), 1), code), known], axis=1)) + np.log(max(n, 1e-9))
            for code, n in enumerate(self.labels_.counts)
        ], axis=1)  # fmt: skip
        share = np.exp(scores - scores.max(axis=1, keepdims=True)).cumsum(axis=1)
        u = uniforms(key, np.arange(len(known)), "class") * share[:, -1]
        drawn: Codes = (share <= u[:, None]).sum(axis=1).astype(np.intp)
        return drawn
