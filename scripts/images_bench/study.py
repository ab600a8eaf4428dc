"""Which augmentation helps a network on CIFAR-10: one arm on one split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from tables_bench.jobs import main
from torch import nn

from . import data
from .learner import tensor

STEPS, BATCH = 1500, 64  # of the network, whatever it is given
SIZES = {"5,000 images": 4000, "500 images": 400}  # to learn from; the others, at most 1,000, are for testing
POLICIES: dict[str, Any] = {
    "flip": {"name": "Flip"},
    "rotate": {"name": "Rotate", "degrees": 15},
    "crop": {"name": "Translate", "x": 0.125, "y": 0.125},
    "colour": {
        "name": "Compose",
        "parts": [
            {"name": "Brightness", "factor": 0.4},
            {"name": "Contrast", "factor": 0.4},
            {"name": "Saturation", "factor": 0.4},
            {"name": "HueShift"},
        ],
    },
    "cutout": {"name": "Cutout"},
    "default policy": None,
}
GENERATORS = ("VAE", "WGAN", "StyleTransfer")
ARMS = ("nothing", *POLICIES, *GENERATORS)


def accuracy(arm: str, size: str, seed: int, data_dir: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the accuracy of a network that learned with an augmentation."""
    X, y = data.cifar(Path(data_dir))
    order = np.random.default_rng(seed).permutation(len(y))
    train, test = order[: SIZES[size]], order[-1000:]
    x, labels = X[train], y[train]
    if arm in GENERATORS:
        import gensynth

        more = getattr(gensynth, arm)(**params, random_state=seed).fit(x, labels).sample(y=labels)
        x, labels = np.concatenate([x, more]), np.concatenate([labels, labels])
    guess = learned(x, labels, policy_of(arm, seed, x, labels), X[test], seed)
    return {"accuracy": float((guess == y[test]).mean())}


def policy_of(arm: str, seed: int, x: np.ndarray, y: np.ndarray) -> Any:
    """Return the transform of an arm, fitted to images, None where there is none."""
    if arm not in POLICIES:
        return None
    from gensynth import Transform
    from gensynth.transforms.image.default import default

    made = default() if POLICIES[arm] is None else Transform.from_dict(POLICIES[arm])
    return made.seeded(seed).fit(x, y)


def learned(x: np.ndarray, y: np.ndarray, policy: Any, test: np.ndarray, seed: int, steps: int = STEPS) -> np.ndarray:
    """Return the classes that a small network gives test images; each epoch it learns images changed anew."""
    torch.manual_seed(seed)
    net, rng = network(), torch.Generator().manual_seed(seed)
    adam = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(adam, 4e-3, total_steps=steps)
    labels, done, epoch = torch.from_numpy(y), 0, 0
    while done < steps:
        seen = tensor(x if policy is None else policy(x, index=np.arange(len(x)), epoch=epoch))
        epoch += 1
        for rows in torch.randperm(len(x), generator=rng).split(BATCH)[: steps - done]:
            if len(rows) < 2:
                continue
            adam.zero_grad()
            nn.functional.cross_entropy(net(seen[rows]), labels[rows]).backward()
            adam.step(), rates.step()
            done += 1
    net.eval()
    with torch.no_grad():
        return torch.cat([net(part) for part in tensor(test).split(500)]).argmax(1).numpy()


def network() -> nn.Module:
    """Return three convolutions with norms and a linear layer, of colour images of 32 pixels."""

    def block(width: int, wider: int) -> list[nn.Module]:
        return [nn.Conv2d(width, wider, 3, padding=1, bias=False), nn.BatchNorm2d(wider), nn.ReLU(), nn.MaxPool2d(2)]

    return nn.Sequential(*block(3, 16), *block(16, 32), *block(32, 64), nn.Flatten(), nn.Linear(64 * 16, 10))


if __name__ == "__main__":
    main({"study": accuracy})
