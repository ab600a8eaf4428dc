"""`gensynth show MODEL -o grid.png` and `--watch`: pictures of what a generator makes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gensynth import load
from gensynth.store.images import read_image, write_image

GAP, COLUMNS = 2, 8


def signs(counts=(("stop", 6), ("yield", 2)), size=(9, 11, 3)) -> None:
    rng = np.random.default_rng(0)
    for label, count in counts:
        Path("signs", label).mkdir(parents=True)
        for row in range(count):
            write_image(Path("signs", label, f"{row}.png"), rng.integers(0, 256, size).astype(np.uint8))


def cells(path: str, height: int, width: int) -> np.ndarray:
    """Return the images of a grid: (lines, 8, height, width, channels)."""
    paper = read_image(path)
    paper = paper[..., None] if paper.ndim == 2 else paper
    lines = (len(paper) - GAP) // (height + GAP)
    assert paper.shape[:2] == (lines * (height + GAP) + GAP, COLUMNS * (width + GAP) + GAP)
    return np.stack([
        [paper[top : top + height, left : left + width] for left in range(GAP, paper.shape[1], width + GAP)]
        for top in range(GAP, len(paper), height + GAP)
    ])  # fmt: skip


def test_a_grid_has_a_line_a_class_of_what_sample_makes(run):
    signs()
    assert run("fit", "signs", "-o", "model", "-g", "Augment")[0] == 0
    status, out, err = run("show", "model", "-o", "grid.png", "--seed", "3")
    assert (status, out) == (0, ""), err
    labels = np.repeat(np.array(["stop", "yield"], dtype=object), COLUMNS)
    wanted = load("model").sample(y=labels, random_state=3).x
    assert np.array_equal(cells("grid.png", 9, 11).reshape(-1, 9, 11, 3), wanted)
    first = Path("grid.png").read_bytes()
    assert run("show", "model", "-o", "grid.png")[0] == 2
    assert run("show", "model", "-o", "grid.png", "--seed", "3", "--overwrite")[0] == 0
    assert Path("grid.png").read_bytes() == first


def test_below_each_line_stand_the_nearest_real_images(run):
    signs(size=(9, 11))
    light = "policy={name: Brightness, factor: 0.02}"
    assert run("fit", "signs", "-o", "model", "-g", "Augment", "-p", light)[0] == 0
    status, _, err = run("show", "model", "--data", "signs", "-o", "grid.png")
    assert status == 0, err
    made, real = cells("grid.png", 9, 11)[::2], cells("grid.png", 9, 11)[1::2]
    assert len(made) == len(real) == 2
    files = np.stack([read_image(path) for path in sorted(Path("signs").rglob("*.png"))]).astype(float)
    for line, below in zip(made, real, strict=True):
        for image, near in zip(line[..., 0], below[..., 0], strict=True):
            apart = ((files - image) ** 2).sum(axis=(1, 2))
            assert np.array_equal(near, files[apart.argmin()])


def test_no_more_than_ten_classes_and_models_without_any(run):
    signs([(f"class {row:02d}", 2 + (row != 3)) for row in range(11)], (5, 4))
    assert run("fit", "signs", "-o", "model", "-g", "Augment")[0] == 0
    assert run("show", "model", "-o", "many.png")[0] == 0
    assert len(cells("many.png", 5, 4)) == 10
    Path("flat").mkdir()
    for place, path in enumerate(sorted(Path("signs").rglob("*.png"))):
        path.rename(Path("flat", f"{place}.png"))
    assert run("fit", "flat", "-o", "flat.model", "-g", "Augment")[0] == 0
    assert run("show", "flat.model", "-o", "one.png", "--data", "flat")[0] == 0
    assert len(cells("one.png", 5, 4)) == 2


def test_a_grid_that_cannot_be_drawn_is_refused(run, payments):
    signs()
    assert run("fit", "signs", "-o", "model", "-g", "Augment")[0] == 0
    assert run("fit", payments.name, "-t", "fraud", "-o", "table", "-g", "SMOTENC")[0] == 0
    for args, says in [
        (("signs", "-o", "g.png"), "is none"), (("model", "-o", "g.jpg"), ".png"),
        (("table", "-o", "g.png"), "'table'"), (("model", "--data", "signs"), "-o"),
        (("model", "--data", "sings", "-o", "g.png"), "did you mean 'signs'"),
    ]:  # fmt: skip
        status, _, err = run("show", *args)
        assert (status, says in err) == (2, True), err
    assert not list(Path().glob("g.*"))


def test_a_training_is_watched(run):
    signs([("stop", 12), ("yield", 6)], (8, 8))
    trained = ("-g", "VAE", "-p", "steps=2", "--watch", "seen")
    status, _, err = run("fit", "signs", "-o", "model", *trained)
    assert status == 0, err
    assert [path.name[:5] for path in Path("seen").iterdir()] == ["step-"]
    status, _, err = run("balance", "signs", "-o", "out", *trained, "-p", "training={batch_size: 6}")
    assert status == 0, err
    said = json.loads(Path("out.recipe.json").read_text())["job"]["generator"]["params"]
    assert said["training"] == {"batch_size": 6, "pictures_dir": "seen"}


@pytest.mark.parametrize("generator", [(), ("-g", "Augment")], ids=["none", "untrained"])
def test_what_is_not_trained_cannot_be_watched(run, generator):
    signs()
    status, _, err = run("balance", "signs", "-o", "out", *generator, "--watch", "seen")
    assert (status, "--watch" in err) == (2, True), err
    assert not Path("seen").exists()
