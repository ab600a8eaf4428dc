"""Wasserstein GAN: a network makes rows, or images, out of noise, and another learns to tell them from real ones.

    critic     min  E D(G(z)) - E D(x) + penalty E (|grad D(x^)| - 1)^2,    x^ = e x + (1 - e) G(z)
    generator  min  -E D(G(z))

Losses and steps stand in `nn.wgan`, the networks of images in `nn.image_wgan`, those of tables in `nn.dense`, where
columns are codes (`data.codes`). Both networks are given the class, and in the training of tables any columns are held,
so that they can be held when rows are made.

References: Gulrajani et al. 2017, arXiv:1704.00028 (the losses); Xu et al. 2019, arXiv:1907.00503, sec. 4.3 (columns
held in training and at random when rows are made); Huang et al. 2024, arXiv:2501.05441 (`loss="relativistic"`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ..data.kinds import Kind
from ..errors import ConfigError, GensynthWarning
from .base import Codes, Draw, Supports
from .holding import Holding
from .judging import Judging
from .training import Pace, check_count, check_widths
from .wgan_images import Pictures
from .wgan_tables import Tables

if TYPE_CHECKING:
    import torch

    from ..nn.wgan import Game

Floats = npt.NDArray[np.float64]


class WGAN(Holding):
    """Rows of tables, or images, made out of noise by a network that the critic no longer tells from real ones.

    It learns a whole row at once, without a likelihood, and takes longer than `VAE` and `Autoregressive` for less: on
    tables these two come first, and of few images `VAE`. Images have 4 to 256 pixels a side, all of one size.

    Of tables it holds any columns at values (`conditions`). Columns that follow from one another
    without exception come apart in some rows: 5 in a hundred of the customers of a telephone company without internet
    were made with a service over it.

    Few rows: a class of 1 to 5 is mostly what all rows have in common. From 200 rows on a tenth is held out to tell
    when to stop, in the second half of the steps; with fewer all `steps` are done.

    Training begins at the frequencies of all values. Of each row that is made, one column drawn at random takes a value
    of its class at the frequency that it has there, so that no level is lost altogether; the others are the network's.
    Conditions take its place, and are checked one by one: each must occur in a row of the class. What goes with a value
    that few rows of the class hold follows it but in part.

    Arguments:
        loss: "wgan-gp", or "relativistic": real and made rows compared in pairs, a fifth faster. None for "wgan-gp", of
            images "relativistic", with which a classifier learned more of digits.
        noise: width of z, at least 1; None for 64.
        hidden: widths of the layers of both networks, at least one; of convolutions that of the largest grid first.
            None for 256, 256; of images 16, 32, 64.
        critic: settings of the critic, see `generators.judging.Judging`: steps for each of the generator, penalty of
            its gradients, augment (what is changed of all images that it sees, for few of them).
        steps: steps of the generator at most, at least 1; None for 22 passes of the generator through the
            rows, between 600 and 6,000; of images 62, between 1,000 and 8,000.
        max_time: bound on training, such as "90s", "2m" or a number of seconds; None for none.
        training: further settings of training, see `generators.training.Training`: batch_size, lr, patience, device,
            checkpoint_dir, pictures_dir, progress, trainer_kwargs.
        schema: kinds of columns to take instead of the inferred ones.
        random_state: int for results that repeat, or None.

    After `fit`: `history_`, a record a round of step, seconds, both losses (generator, critic), the critic's estimate
    of the distance between real rows and made ones, of which in training most have something held (distance), and,
    once the rates fall, the held-out score: how far the frequencies of pairs of codes are apart, of images a kernel
    distance; `loss_`, `hidden_`, `noise_`, `penalty_`, `steps_`, `batch_size_`, `lr_` as resolved.

    Example:
        >>> X = np.repeat([[0.0, 1.0], [5.0, 2.0]], 50, axis=0)
        >>> model = WGAN(hidden=(16,), noise=2, steps=300, random_state=0).fit(X, ["a"] * 50 + ["b"] * 50)
        >>> model.sample(2, y="b").tolist()
        [[5.0, 2.0], [5.0, 2.0]]
    """

    supports: ClassVar[Supports] = Supports(
        kinds=frozenset({"table", "image"}), categories=True, missing=True, conditions=True, prefix=True, parents=False
    )  # fmt: skip
    paces: ClassVar[Mapping[Kind, Pace]] = {
        "table": Pace(passes=22.0, least=600, rate=1e-3, decay=0.995, batch=256, round=300),
        "image": Pace(passes=62.0, least=1000, most=8000, rate=2e-3, decay=0.995, batch=64, round=300, lifts=True),
    }
    task_: Game

    def __init__(
        self, *, loss: Literal["wgan-gp", "relativistic"] | None = None, noise: int | None = None,
        hidden: Sequence[int] | None = None, critic: Mapping[str, Any] | None = None,
        steps: int | None = None, max_time: str | float | None = None, training: Mapping[str, Any] | None = None,
        schema: Mapping[Any, str] | None = None, random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.loss, self.noise, self.hidden, self.critic = loss, noise, hidden, critic
        self.steps, self.max_time, self.training = steps, max_time, training
        self.schema, self.random_state = schema, random_state

    def _check_params(self) -> None:
        super()._check_params()
        if self.loss is not None and not (isinstance(self.loss, str) and self.loss in ("wgan-gp", "relativistic")):
            raise ConfigError(f"loss must be 'wgan-gp' or 'relativistic', got {self.loss!r}")
        if self.hidden is not None:
            check_widths("hidden", self.hidden, 1)
        check_count("noise", self.noise)
        Judging.read(self.critic)

    @property
    def _side(self) -> Any:
        """What depends on the kind of the rows."""
        return (Tables if self.kind_ == "table" else Pictures)(self)

    @property
    def loss_(self) -> Any:
        """The loss as resolved."""
        return self._side.loss if self.loss is None else self.loss

    @property
    def hidden_(self) -> Sequence[int]:
        """The widths as resolved."""
        return self._side.hidden if self.hidden is None else self.hidden

    @property
    def noise_(self) -> int:
        """The width of z as resolved."""
        return self._side.noise if self.noise is None else self.noise

    @property
    def penalty_(self) -> float:
        """The weight of the penalty as resolved."""
        asked = Judging.read(self.critic).penalty
        return self._side.penalties[self.loss_] if asked is None else asked

    def _task(self, rng: torch.Generator) -> Game:
        from ..nn.wgan import Game

        maker, critic = self._side.networks(rng)
        return Game(maker, critic, loss=self.loss_, penalty=self.penalty_, critic_steps=self.parts, lr=self.lr_)

    @property
    def _made_by(self) -> torch.nn.Module:
        return self.task_.maker  # a saved critic could tell who was in training

    @property
    def parts(self) -> int:
        """In how many parts of `batch_size` rows a batch is taken, each by a step of the critic."""
        return Judging.read(self.critic).steps

    def _warn_parts(self, rows: int) -> None:
        text = f"each step of the critic has {max(rows // self.parts, 1)} rows, not {self.batch_size_}"
        warnings.warn(
            f"WGAN, critic of {self.parts} steps: {text}, as there are {rows:,} rows to learn from; fewer steps "
            "or a smaller batch_size leave it as many as asked",
            GensynthWarning,
            stacklevel=10,
        )

    def _shown(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self._side.shown(x, y)
        return made

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        return self._sample_given(codes, key, {})

    def _sample_given(self, codes: Codes, key: int, given: Mapping[int, float]) -> Draw:
        return Draw(self._side.made(codes, key, given))

    def _together(self, classes: Codes, held: Mapping[int, int]) -> Floats:
        """Return the product of the shares that held codes have in each class, none of them nothing."""
        parts = []
        for place, code in held.items():
            counts = self.form_.counts_of(place)[classes]
            parts.append((counts[:, code] + 1) / (counts.sum(axis=1) + counts.shape[1]))
        return np.asarray(np.prod(parts, axis=0))
