"""Adversarial examples: the least change that a classifier falls for, within a box around each row.

For a loss L of the classifier f, a row x of class y and the box B of half-width epsilon around it,

    FGSM    x' = x + epsilon sign grad_x L(f(x), y)
    PGD     x_0 uniform in B,   x_t+1 = the point of B nearest to x_t + step sign grad_x L(f(x_t), y)

Rows keep their labels: what a classifier learns from them is to hold its answer within the box.

References: Goodfellow, Shlens and Szegedy 2015, arXiv:1412.6572, sec. 4 (FGSM); Madry et al. 2018, arXiv:1706.06083,
eq. 2 and sec. 2.1 (PGD in the maximum norm).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import ConfigError, DataError
from .base import Transform
from .draws import Draws
from .settings import check_chance

AT_ONCE = 256  # rows that a classifier is asked about together


@dataclass(frozen=True)
class FGSM(Transform):
    """One step up the loss. It stands alone: not among the parts of a policy.

    Arguments:
        model: takes rows (n, ...) as floats of its own precision (32 bits where it is no module), in the layout and the
            units of the data, and returns logits (n, classes).
            What scales them belongs to it: `lambda x: net(x / 255)`. A module is asked in its mode for evaluation,
            and left as it was, with its gradients.
        epsilon: half-width of the box, above 0, in the units of the data: 8 for bytes, 8 / 255 for values to 1.
        limits: least and greatest value; None for 0 and 255 of bytes, and for the range of the rows of a call else.
        loss: takes logits and class numbers, returns a loss for each row; None for cross-entropy.

    Example:
        >>> attack = FGSM(lambda x: torch.stack([-x[:, 0], x[:, 0]], 1), epsilon=0.5, limits=(0, 1))
        >>> attacked, y = attack(np.array([[0.75, 0.1]]), y=[1])
        >>> attacked
        array([[0.25, 0.1 ]])
    """

    model: Callable[[Tensor], Tensor] | None = None
    epsilon: float = 8 / 255
    limits: tuple[float, float] | None = None
    loss: Callable[[Tensor, Tensor], Tensor] | None = None
    breaks = "none within an epsilon that people do not see"

    def _check(self) -> None:
        if not callable(self.model):
            raise ConfigError(f"model must be a torch classifier, got {self.model!r:.60}")
        number = isinstance(self.epsilon, int | float | np.number) and not isinstance(self.epsilon, bool)
        if not number or not 0 < self.epsilon < np.inf:
            raise ConfigError(f"epsilon must be a number above 0, in the units of the data, got {self.epsilon!r}")
        if self.limits is not None and not are_limits(self.limits):
            raise ConfigError(f"limits must be two numbers, the lower first, got {self.limits!r}")

    def __call__(self, X: Any, *, y: Any = None, index: Any = None, epoch: int = 0, **belonging: Any) -> Any:
        """Return rows attacked, in the container that they came in, what belongs to them, and their labels.

        Arguments:
            X: an array or a tensor (n, ...) of bytes or floats, or `Images`.
            y: (n,) numbers of the classes, as the model numbers them.
            index, epoch: as of every transform.
            belonging: masks, boxes and points, which stay as they are.

        Returns: a tuple of X, what belongs to it as far as it is given, and y.

        Raises: DataError where labels are missing, or rows are no numbers.
        """
        inner = getattr(X, "x", X)
        tensor = isinstance(inner, Tensor)
        x = rows_of(inner)
        made = self._attacked(x, codes_of(y, len(x)), self.draws(len(x), index, epoch, False))
        back = made if tensor else made.numpy()
        if inner is not X:
            back = X._with({name: getattr(X, name) for name in X.fields} | {"x": back})
        rest = [part for part in belonging.values() if part is not None]
        return (back, *rest, y)

    def _attacked(self, x: Tensor, y: Tensor, draws: Draws) -> Tensor:
        """Return rows attacked, some at a time. Shape: x (n, ...), y (n,)."""
        made, (low, high) = x.clone(), self._limits(x)
        chosen = np.flatnonzero(draws.kept(np.ones(len(x), dtype=bool), self.p))
        with asked(self.model):
            for start in range(0, len(chosen), AT_ONCE):
                rows = chosen[start : start + AT_ONCE]
                part = x[rows] if x.is_floating_point() else x[rows].float()
                floor, ceiling = (part - self.epsilon).clamp(low, high), (part + self.epsilon).clamp(low, high)
                found = self._climb(part, floor, ceiling, y[rows].to(x.device), draws.of_rows(rows))
                if not x.is_floating_point():
                    found = torch.minimum(torch.maximum(found.round(), floor.ceil()), ceiling.floor())
                made[rows] = found.to(x.dtype)
        return made

    def _limits(self, x: Tensor) -> tuple[float, float]:
        if self.limits is not None:
            return self.limits
        if x.dtype == torch.uint8:
            return 0.0, 255.0
        return (float(x.min()), float(x.max())) if x.numel() else (0.0, 1.0)

    def _climb(self, x: Tensor, low: Tensor, high: Tensor, y: Tensor, draws: Draws) -> Tensor:
        """Return where the loss is greater, between low and high. Shape: x, low, high (m, ...), y (m,)."""
        return self._step(x, self.epsilon, y).clamp(low, high)

    def _step(self, x: Tensor, by: float, y: Tensor) -> Tensor:
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            logits = self.model(x.to(precision_of(self.model)))  # type: ignore[misc]
            loss = F.cross_entropy(logits, y, reduction="sum") if self.loss is None else self.loss(logits, y).sum()
            (slope,) = torch.autograd.grad(loss, x)
        return x.detach() + by * slope.sign()

    def mixed(self, X: Any, y: Any, share: float = 0.5, *, index: Any = None, epoch: int = 0) -> Any:
        """Return rows for a step of training, a share of them attacked, drawn by row. Shape: X (n, ...) to such.

        As Kurakin, Goodfellow and Bengio 2017 (arXiv:1611.01236, sec. 3) mix them; the labels stay as they are.
        """
        check_chance("share", share)
        chosen = np.flatnonzero(self.draws(len(X), index, epoch, alone=False).flag("mixed", share))
        made = X.clone() if isinstance(X, Tensor) else np.array(X)
        if len(chosen):
            rows = chosen if index is None else np.asarray(index)[chosen]
            labels = np.asarray(y)[chosen]
            made[chosen] = self(made[chosen], y=labels, index=rows, epoch=epoch)[0]
        return made

    def to_dict(self) -> dict[str, Any]:
        """Refuse: a model is no data. Raises: ConfigError."""
        raise ConfigError(f"{type(self).__name__} holds a model, which cannot be written as data")

    def fit(self, X: Any, y: Any = None, *, rate: float | None = None) -> Self:
        """Return the attack: it needs to know nothing of the data."""
        return self

    def check(self, X: Any) -> None:
        """Let all rows pass: a call refuses those that it cannot use."""

    def stages(self, draws: Draws, canvas: Any) -> Any:
        """Refuse to be a part of a policy. Raises: ConfigError."""
        raise ConfigError(f"{type(self).__name__} stands alone: call it on what the policy returns")


@dataclass(frozen=True)
class PGD(FGSM):
    """Steps up the loss from a random point of the box, back into the box after each.

    Arguments:
        steps: how many, at least 1.
        step: how far each goes, in the units of the data; None for 2.5 epsilon / steps, which reaches all of the box.
    """

    steps: int = 10
    step: float | None = None

    def _check(self) -> None:
        super()._check()
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 1:
            raise ConfigError(f"steps must be a whole number, at least 1, got {self.steps!r}")
        if self.step is not None and not self.step > 0:
            raise ConfigError(f"step must be a number above 0, got {self.step!r}")

    def _climb(self, x: Tensor, low: Tensor, high: Tensor, y: Tensor, draws: Draws) -> Tensor:
        count = int(np.prod(x.shape[1:], dtype=np.int64))
        u = torch.from_numpy(draws.uniform_table("start", count)).to(x).view(x.shape)
        by = 2.5 * self.epsilon / self.steps if self.step is None else self.step
        found = low + (high - low) * u
        for _ in range(self.steps):
            found = self._step(found, by, y).clamp(low, high)
        return found


def are_limits(limits: Any) -> bool:
    """Whether they are two numbers, the lower first."""
    try:
        low, high = (float(end) for end in limits)
    except (TypeError, ValueError):
        return False
    return low < high


def rows_of(X: Any) -> Tensor:
    """Return rows as a tensor. Shape: (n, ...). Raises: DataError where they are no bytes or finite floats."""
    if isinstance(X, Tensor):
        x = X.detach()
    else:
        try:
            x = torch.from_numpy(np.require(X, requirements=["C", "W"]))
        except (TypeError, ValueError):
            raise DataError(f"rows must be one array of bytes or floats, got {X!r:.60}") from None
    if x.dtype != torch.uint8 and not x.is_floating_point():
        raise DataError(f"rows must be bytes or floats, got {x.dtype}")
    if x.is_floating_point() and not bool(torch.isfinite(x).all()):
        raise DataError("rows hold values that are not finite: NaN or infinite")
    return x


def codes_of(y: Any, n: int) -> Tensor:
    """Return numbers of classes. Shape: (n,). Raises: DataError where they are none, or of other rows."""
    labels = np.asarray(y.detach().cpu() if isinstance(y, Tensor) else y)
    if labels.shape != (n,):
        raise DataError(f"an attack needs y, the class of each of {n} rows")
    if n and labels.dtype.kind not in "iu":
        raise DataError(f"an attack needs y as the model numbers classes, whole numbers, got {labels.dtype}")
    return torch.from_numpy(labels.astype(np.int64))


def precision_of(model: Any) -> torch.dtype:
    """Return the dtype of a module's weights; of what is no module that of most."""
    weights = iter(model.parameters()) if isinstance(model, torch.nn.Module) else iter(())
    first = next(weights, None)
    return first.dtype if first is not None and first.is_floating_point() else torch.float32


@contextmanager
def asked(model: Any) -> Iterator[None]:
    """Hold a module in its mode for evaluation, and its gradients as they are."""
    modules = list(model.modules()) if isinstance(model, torch.nn.Module) else []
    before = [module.training for module in modules]
    try:
        for module in modules:
            module.training = False
        yield
    finally:
        for module, training in zip(modules, before, strict=True):
            module.training = training
