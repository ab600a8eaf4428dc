"""Where to train: the name of a device becomes one that is there."""

from __future__ import annotations

import torch

from ..errors import ConfigError, nearest

_OTHERWISE = {"gpu": "; GPUs are called 'cuda', or 'mps' by Apple, and 'auto' takes one where there is one"}


def find_device(device: str | torch.device) -> torch.device:
    """Return the device of a name: "auto" (CUDA where there is one, else the CPU), "cpu", "cuda", "cuda:1" or "mps".

    Raises:
        ConfigError: there is no such device; the message names those that are there.
    """
    name, there = str(device), _there()
    if name == "auto":
        return torch.device(there[0] if there[0].startswith("cuda") else "cpu")
    if name == "cuda" and "cuda:0" in there:
        name = f"cuda:{torch.cuda.current_device()}"
    if name not in there:
        known = any(name == kind or name.startswith(f"{kind}:") for kind in ("cpu", "cuda", "mps"))
        hint = "" if known else _OTHERWISE.get(name.lower(), nearest(name, ["auto", "cpu", "cuda", "mps"]))
        raise ConfigError(f"there is no device {name!r} for training here{hint}; there is {', '.join(there)}")
    return torch.device(name)


def _there() -> list[str]:
    """Return the names of the devices of this machine, CUDA first."""
    found = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return [*found, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]
