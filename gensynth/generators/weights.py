"""Features of images by name: random ones, or those of VGG-19 by torchvision's loader or from a file."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..nn.features import Features


def features_of(name: str, weights: Any) -> Features:
    """Return the features of a name, or those of VGG-19 where a file of its weights is given. Raises: ConfigError."""
    from ..nn.features import Features

    if weights is None and name == "random":
        return Features.random()
    state = _downloaded() if weights is None else _read_weights(Path(weights))
    try:
        return Features.vgg19(state)
    except ValueError as error:
        where = "the weights of torchvision" if weights is None else f"weights: {weights}"
        raise ConfigError(f"{where}: not those of VGG-19 as torchvision saves them: {error}") from None


def mark_of(features: Features) -> str:
    """Return what tells features from others: those of random weights are the same on any machine but for rounding."""
    if features.trained:
        parts = (value.numpy().tobytes() for _, value in sorted(features.state_dict().items()))
        return hashlib.blake2b(b"".join(parts), digest_size=16).hexdigest()
    return "random"


def _downloaded() -> Any:
    """Return ImageNet's weights by torchvision's loader, which keeps them. Raises: ConfigError."""
    from torchvision.models import VGG19_Weights

    try:
        return VGG19_Weights.IMAGENET1K_V1.get_state_dict(progress=sys.stderr.isatty(), check_hash=True)
    except (OSError, RuntimeError) as error:  # URLError and HTTPError are OSErrors; a wrong hash is a RuntimeError
        raise ConfigError(
            f"features='vgg19' needs weights that could not be downloaded ({error!s:.80}): give a file of them as "
            "weights='vgg19.pth', or take features='random', which needs none"
        ) from None


def _read_weights(path: Path) -> Any:
    """Return the weights in a file. Raises: ConfigError."""
    import torch

    if not path.is_file():
        raise ConfigError(f"weights: there is no file {path}")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of whatever is no file of weights
        raise ConfigError(f"weights: {path} is no file of weights that can be read ({type(error).__name__})") from None
    if not isinstance(state, Mapping):
        raise ConfigError(f"weights: {path} holds no weights by name, as state_dict() returns them")
    return state
