"""Wasserstein GAN: a network makes rows out of noise, and another learns to tell them from real ones.

    critic     min  E D(G(z)) - E D(x) + penalty E (|grad D(x^)| - 1)^2,    x^ = e x + (1 - e) G(z)
    generator  min  -E D(G(z))

The columns are codes (`data.codes`); losses and steps stand in `nn.wgan`, the networks of tables in `nn.dense`. Both
networks are given the class, and in training any columns are held, so that they can be held when rows are made.

References: Gulrajani et al. 2017, arXiv:1704.00028 (the losses); Xu et al. 2019, arXiv:1907.00503, sec. 4.3 (columns
held in training and at random when rows are made); Huang et al. 2024, arXiv:2501.05441 (`loss="relativistic"`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, GensynthWarning
from ..random import cell_normals, cell_uniforms, uniforms
from .base import Codes, Draw, Supports
from .holding import Holding
from .trained import in_blocks
from .training import check_count, check_rate, check_widths

if TYPE_CHECKING:
    import torch

    from ..nn.wgan import Game

Floats = npt.NDArray[np.float64]


class WGAN(Holding):
    """Rows made out of noise by a network that a second one, the critic, no longer tells from real ones.

    It learns a whole row at once, without a likelihood, and takes longer than `VAE` and `Autoregressive` for less: on
    tables these two come first. It holds any columns at values (`conditions`). Columns that follow from one another
    without exception come apart in some rows: 5 in a hundred of the customers of a telephone company without internet
    were made with a service over it.

    Few rows: a class of 1 to 5 is mostly what all rows have in common. From 200 rows on a tenth is held out to tell
    when to stop, in the second half of the steps; with fewer all `steps` are done.

    Training begins at the frequencies of all values. Of each row that is made, one column drawn at random takes a value
    of its class at the frequency that it has there, so that no level is lost altogether; the others are the network's.
    Conditions take its place, and are checked one by one: each must occur in a row of the class. What goes with a value
    that few rows of the class hold follows it but in part.

    Arguments:
        loss: "wgan-gp", or "relativistic": real and made rows compared in pairs, a fifth faster.
        noise: width of z, at least 1.
        hidden: widths of the layers of both networks, at least one.
        penalty: of the critic's gradients, above 0.
        critic_steps: steps of the critic for each of the generator, at least 1, each on rows of its own.
        steps: steps of the generator at most, at least 1; None for 22 passes of the generator through the
            rows, between 600 and 6,000.
        max_time: bound on training, such as "90s", "2m" or a number of seconds; None for none.
        training: further settings of training, see `generators.training.Training`: batch_size, lr, patience, device,
            checkpoint_dir, progress, trainer_kwargs.
        schema: kinds of columns to take instead of the inferred ones.
        random_state: int for results that repeat, or None.

    After `fit`: `history_`, a record a round of step, seconds, both losses (generator, critic), the critic's estimate
    of the distance between real rows and made ones, of which in training most have something held (distance), and,
    once the rates fall, the held-out score, how far the frequencies of pairs of codes are apart; `steps_`,
    `batch_size_`, `lr_` as resolved.

    Example:
        >>> X = np.repeat([[0.0, 1.0], [5.0, 2.0]], 50, axis=0)
        >>> model = WGAN(hidden=(16,), noise=2, steps=300, random_state=0).fit(X, ["a"] * 50 + ["b"] * 50)
        >>> model.sample(2, y="b").tolist()
        [[5.0, 2.0], [5.0, 2.0]]
    """

    supports: ClassVar[Supports] = Supports(
        categories=True, missing=True, conditions=True, prefix=True, parents=False
    )  # fmt: skip
    passes: ClassVar[float] = 22.0
    least_steps: ClassVar[int] = 600
    rate: ClassVar[float] = 1e-3
    decay: ClassVar[float] = 0.995
    largest_batch: ClassVar[int] = 256
    longest_round: ClassVar[int] = 300
    task_: Game

    def __init__(
        self, *, loss: Literal["wgan-gp", "relativistic"] = "wgan-gp", noise: int = 64,
        hidden: Sequence[int] = (256, 256), penalty: float = 0.3, critic_steps: int = 1,
        steps: int | None = None, max_time: str | float | None = None, training: Mapping[str, Any] | None = None,
        schema: Mapping[Any, str] | None = None, random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.loss, self.noise, self.hidden, self.penalty, self.critic_steps = loss, noise, hidden, penalty, critic_steps
        self.steps, self.max_time, self.training = steps, max_time, training
        self.schema, self.random_state = schema, random_state

    def _check_params(self) -> None:
        super()._check_params()
        if not isinstance(self.loss, str) or self.loss not in ("wgan-gp", "relativistic"):
            raise ConfigError(f"loss must be 'wgan-gp' or 'relativistic', got {self.loss!r}")
        check_widths("hidden", self.hidden, 1)
        check_count("noise", self.noise, optional=False)
        check_count("critic_steps", self.critic_steps, optional=False)
        check_rate("penalty", self.penalty, optional=False)

    def _task(self, sizes: list[int], rng: torch.Generator) -> Game:
        import torch

        from ..nn.dense import ColumnsCritic, ColumnsMaker
        from ..nn.wgan import Game

        counts = torch.from_numpy(self.counts_.sum(axis=0))
        shares = (counts + 0.5) / int(self.labels_.counts.sum())
        maker = ColumnsMaker(sizes, self._ranks, self.hidden, noise=self.noise, rng=rng, shares=shares)
        critic = ColumnsCritic(sizes, self._ranks, self.hidden, rng=rng)
        return Game(maker, critic, loss=self.loss, penalty=self.penalty, critic_steps=self.critic_steps, lr=self.lr_)

    @property
    def _made_by(self) -> torch.nn.Module:
        return self.task_.maker  # a saved critic could tell who was in training

    @property
    def parts(self) -> int:
        """In how many parts of `batch_size` rows a batch is taken, each by a step of the critic."""
        return self.critic_steps

    def _warn_parts(self, rows: int) -> None:
        text = f"each step of the critic has {max(rows // self.critic_steps, 1)} rows, not {self.batch_size_}"
        warnings.warn(
            f"WGAN, critic_steps={self.critic_steps}: {text}, as there are {rows:,} rows to learn from; fewer steps "
            "or a smaller batch_size leave it as many as asked",
            GensynthWarning,
            stacklevel=6,
        )

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        return self._sample_given(codes, key, {})

    def _sample_given(self, codes: Codes, key: int, given: Mapping[int, float]) -> Draw:
        import torch

        held, columns = self._held(np.unique(codes), given), len(self.codebook_.columns)
        reached = [self.counts_of(column).cumsum(axis=1) for column in range(columns)]
        with self._at_work(self._refused(np.unique(codes))) as (task, refused):

            def block(classes: Codes, spots: Codes) -> npt.NDArray[np.int16]:
                known = self._known(classes, held)
                if not held:
                    self._seed(known, reached, spots, key)
                parts = (cell_normals(key, spots, "z", self.noise), known.astype(np.int64),
                         cell_uniforms(key, spots, "column", columns).astype(np.float32))  # fmt: skip
                noise, before, u = (torch.from_numpy(part).to(refused.device) for part in parts)
                drawn = task.maker.draw(noise, before, u, refused)
                return np.asarray(drawn[:, 1:].cpu().numpy(), dtype=np.int16)

            coded = in_blocks(block, refused.device, codes, np.arange(len(codes)))
        rows = self.codebook_.decode(coded, cell_uniforms(key, np.arange(len(codes)), "inside", columns))
        for place, value in given.items():
            rows[:, place] = value
        return Draw(rows)

    def _seed(self, known: npt.NDArray[np.int16], reached: list[npt.NDArray[np.int64]], spots: Codes, key: int) -> None:
        """Let each row know one code more, of a column drawn at random, at its frequency in the class.

        Shape: known (n, 1 + columns), written to; reached, by column (classes, size), cumulative counts; spots (n,).
        """
        place = (uniforms(key, spots, "held") * len(reached)).astype(np.intp)
        u = uniforms(key, spots, "code")
        for column, counts in enumerate(reached):
            mine = np.flatnonzero(place == column)
            ends = counts[known[mine, 0]]
            known[mine, 1 + column] = (ends <= (u[mine] * ends[:, -1])[:, None]).sum(axis=1)

    def _together(self, classes: Codes, held: Mapping[int, int]) -> Floats:
        """Return the product of the shares that held codes have in each class, none of them nothing."""
        parts = []
        for place, code in held.items():
            counts = self.counts_of(place)[classes]
            parts.append((counts[:, code] + 1) / (counts.sum(axis=1) + counts.shape[1]))
        return np.asarray(np.prod(parts, axis=0))
