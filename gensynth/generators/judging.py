"""How the critic of a WGAN learns: settings that `critic={...}` gives, checked and resolved in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from .training import check_count, check_names, check_rate

if TYPE_CHECKING:
    from ..nn.differentiable import Differentiable

CHANGES = ("colour", "translation", "cutout")
FEW = 20  # images of a class, below which they are moved unless something else is asked


@dataclass(frozen=True)
class Judging:
    """Settings of a critic, as `critic={...}` gives them.

    Arguments:
        steps: of the critic for each of the generator, at least 1, each on rows of its own.
        penalty: of its gradients, above 0; None for 0.3; of images 0.1, with "wgan-gp" 1.
        augment: of images: changes at random of all that the critic sees, real and made, which few images are learned
            by longer before the critic knows them by heart. True for all, or how strong each is: "colour", of the
            ranges of brightness, saturation and contrast; "translation" and "cutout", of each side; from 0 to 1, those
            left out not at all. None for a translation of 0.125 in classes of fewer than 20 images, False for nothing.
            See `nn.differentiable`.
    """

    steps: int = 1
    penalty: float | None = None
    augment: bool | Mapping[str, float] | None = None

    @classmethod
    def read(cls, given: Mapping[str, Any] | None) -> Judging:
        """Return the settings that a mapping gives. Raises: ConfigError for an unknown name or a value out of range."""
        if given is not None:
            check_names("critic", given, [field.name for field in fields(cls)])
        made = cls(**(given or {}))
        check_count("critic: steps", made.steps, optional=False)
        check_rate("critic: penalty", made.penalty)
        if isinstance(made.augment, Mapping):
            check_names("critic: augment", made.augment, [*CHANGES])
            for name, value in made.augment.items():
                number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
                if not number or not 0 <= value <= 1:
                    raise ConfigError(f"critic: augment: {name} must be a number from 0 to 1, got {value!r:.60}")
        elif made.augment is not None and not isinstance(made.augment, bool | np.bool_):
            raise ConfigError(
                f"critic: augment must be true, false or a mapping of strengths, got {made.augment!r:.60}"
            )
        return made

    def changes(self, counts: npt.NDArray[np.int64]) -> tuple[Differentiable | None, list[bool]]:
        """Return what is changed of the images that the critic sees, None for nothing, and in which classes.

        Arguments:
            counts: images of each class.
        """
        from ..nn.differentiable import Differentiable

        given = {"translation": 0.125} if self.augment is None else self.augment
        some = counts < FEW if self.augment is None else counts >= 0
        if not isinstance(given, Mapping):
            return Differentiable() if given else None, some.tolist()
        asked = dict.fromkeys(CHANGES, 0.0) | {name: float(value) for name, value in given.items()}
        return Differentiable(**asked) if any(asked.values()) and some.any() else None, some.tolist()
