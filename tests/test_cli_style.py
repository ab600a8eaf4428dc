"""Styles on the command line: `transform --style`, `balance --generator StyleTransfer`, and their sheets."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gensynth import ImageFolder
from gensynth.cli import changing, sheet, styles
from gensynth.store.audio import write_wave
from gensynth.store.images import read_image, read_mask, write_image

STYLED = ("transform", "signs", "--style", "paintings")
GATYS = ("--param", "method=gatys", "--param", "steps=3")
ADAIN = ("--param", "method=adain", "--param", "steps=20", "--param", "training={batch_size: 2}")
PAINTS = {"blue": (20, 30, 220), "green": (20, 200, 40), "red": (220, 30, 20)}


def tree(root: str | Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(Path(root).rglob("*")) if path.is_file()
    }


def there() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def signs() -> None:
    """Write class folders of small images, their masks, and a folder of paintings of a colour each."""
    rng = np.random.default_rng(0)
    for label, count in (("stop", 5), ("yield", 2)):
        for root in ("signs", "masks"):
            Path(root, label).mkdir(parents=True)
        for row in range(count):
            image = rng.integers(60, 200, (16, 18, 3)).astype(np.uint8)
            write_image(Path("signs", label, f"{row}.png"), image)
            write_image(Path("masks", label, f"{row}.png"), (image[..., 0] > 128) * np.uint8(255))
    Path("paintings").mkdir()
    for name, colour in PAINTS.items():
        paint = np.clip(np.array(colour) + rng.normal(0, 12, (20, 24, 3)), 0, 255)
        write_image(Path("paintings", f"{name}.png"), paint.astype(np.uint8))


@pytest.fixture
def run(run):
    """Run the command line where there are signs."""
    signs()
    return run


# Transform ------------------------------------------------------------------------------------------------------------


def shown(root: str, copies: int) -> list[list[str]]:
    """Return the painting whose colour each copy of each image has."""
    found = []
    for name in tree("signs"):
        stem, row = name.removesuffix(".png"), []
        for copy in range(copies):
            mean = read_image(Path(root, f"{stem}_synthetic_{copy + 1:04d}.png")).reshape(-1, 3).mean(axis=0)
            row.append(min(PAINTS, key=lambda each: np.abs(mean - PAINTS[each]).sum()))
        found.append(row)
    return found


def test_every_image_comes_out_in_styles_of_the_folder(run):
    status, _, err = run(*STYLED, "-n", "3", "--param", "strength=1", "-o", "out")
    assert (status, there()) == (0, ["masks", "out", "out.recipe.json", "out.sheet.png", "paintings", "signs"]), err
    assert "Sheet: out.sheet.png" in err
    found = shown("out", 3)
    assert len(found) == 7
    assert all(sorted(row) == sorted(PAINTS) for row in found)  # the copies of an image differ
    for copy in range(3):
        assert sorted(row[copy] for row in found[:3]) == sorted(PAINTS)  # styles are used evenly


def test_a_copy_does_not_depend_on_what_else_is_made(run, monkeypatch):
    assert run(*STYLED, *ADAIN, "-n", "2", "-o", "a")[0] == 0
    first = tree("a")
    assert run(*STYLED, *ADAIN, "-o", "b", "--seed", "1")[0] == 0
    monkeypatch.setattr(changing, "BLOCK", 1)
    assert run(*STYLED, *ADAIN, "-o", "c")[0] == 0
    assert tree("c") == {name: content for name, content in first.items() if "_0001" in name}
    assert len(tree("c")) == 7
    assert tree("b") != tree("c")
    assert run("transform", "-c", "a.recipe.json", "--overwrite")[0] == 0
    assert tree("a") == first


def test_masks_stay_and_originals_come_along(run):
    args = ("--masks", "masks", *GATYS, "-n", "2", "--originals")
    status, _, err = run(*STYLED, *args, "-o", "out")
    assert status == 0, err
    made, covers = tree("out"), tree("out.masks")
    assert set(made) == set(covers)
    assert len(made) == 21
    assert {name: made[name] for name in tree("signs")} == tree("signs")
    for name in made:
        real = name.partition("_synthetic")[0].removesuffix(".png") + ".png"
        assert covers[name] == tree("masks")[real]
        assert name == real or not np.array_equal(read_image(Path("out", name)), read_image(Path("signs", real)))


def test_a_recipe_makes_the_same_and_tells_of_other_styles(run):
    assert run(*STYLED, "--param", "method=fourier", "--param", "strength=[0.5, 1]", "-n", "2", "-o", "out")[0] == 0
    first = tree("out")
    job = json.loads(Path("out.recipe.json").read_text())["job"]
    assert job["style"] == "paintings"
    assert job["params"] == {"method": "fourier", "strength": [0.5, 1]}
    again = ("transform", "-c", "out.recipe.json", "--overwrite")
    status, _, err = run(*again)
    assert (status, tree("out")) == (0, first)
    assert "when the recipe was written" not in err
    assert "gensynth transform --config" in run("show", "out.recipe.json")[1]
    Path("paintings", "red.png").unlink()
    assert "signs or paintings is not what it was" in run(*again)[2]
    assert tree("out") != first
    assert run(*again, "--policy", "Compose")[0] == 0  # in place of the styles
    assert np.array_equal(read_image("out/stop/0_synthetic_0001.png"), read_image("signs/stop/0.png"))


def test_a_training_that_time_ended_repeats(run):
    args = ("--param", "method=adain", "--param", "max_time=0.001", "--param", "training={batch_size: 2}")
    assert run(*STYLED, *args, "-o", "out")[0] == 0
    result, first = json.loads(Path("out.recipe.json").read_text())["result"], tree("out")
    assert result["style"]["ended"] == "time"
    assert result["repeat"]["training"]["stop_after"] == result["style"]["steps"]
    assert run("transform", "-c", "out.recipe.json", "-o", "again")[0] == 0
    assert tree("again") == first


def test_explain_says_what_would_be_done(run):
    status, out, _ = run(*STYLED, "-n", "2", "--param", "method=gatys", "--explain")
    assert (status, there()) == (0, ["masks", "paintings", "signs"])
    assert "2 copies of each of 7 images, in the styles of 3 of paintings, by gatys" in out
    assert "labels" in out


@pytest.mark.parametrize(
    ("args", "status", "text"),
    [
        ((*STYLED, "--policy", "Flip"), 2, "policy and style cannot both be given"),
        (("transform", "signs", "--param", "method=adain"), 2, "--style DIR"),
        ((*STYLED, "--param", "styles=any"), 2, "styles is what --style names"),
        ((*STYLED, "--param", "metod=adain"), 2, "did you mean 'method'"),
        ((*STYLED, "--param", "strength=2"), 2, "strength must lie in"),
        (("transform", "signs", "--style", "painting"), 2, "--style 'painting': there is no such folder"),
        (("transform", "signs", "--style", "empty"), 1, "--style empty holds no images"),
        (("transform", "signs", "--style", "broken"), 1, "--style broken: 1 of 1 images cannot be read: a.png"),
        (("transform", "rows.csv", "--style", "paintings"), 2, "rows.csv is a table"),
        (("transform", "words", "--style", "paintings"), 2, "these are recordings"),
        ((*STYLED, "-o", "paintings/out"), 2, "lies inside the input paintings"),
        ((*STYLED, "--sheet", "paintings/sheet.png"), 2, "lies inside paintings"),
        ((*STYLED, "-t", "class"), 2, "--target"),
    ],
)
def test_what_cannot_be_is_one_line(run, args, status, text):
    Path("empty").mkdir()
    Path("broken").mkdir()
    Path("broken", "a.png").write_bytes(Path("paintings/red.png").read_bytes()[:60])
    Path("words").mkdir()
    write_wave("words/0.wav", np.zeros(100), 8000)
    Path("rows.csv").write_text("a,b\n1,2\n")
    before = there()
    code, _, err = run(*args)
    assert (code, there()) == (status, before)
    assert text in err
    assert len(err.strip().splitlines()) == 1


def test_broken_styles_are_left_out_and_named(run):
    Path("paintings", "a.png").write_bytes(Path("paintings/red.png").read_bytes()[:60])
    status, _, err = run(*STYLED, "--param", "strength=1", "-n", "3", "-o", "out")
    assert status == 0, err
    assert "1 of 4 images cannot be read: a.png; it is left out" in err
    assert all(sorted(row) == sorted(PAINTS) for row in shown("out", 3))


# Sheets ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def drawn(monkeypatch) -> list[list]:
    """Collect what sheets of styles show."""
    kept, real = [], sheet.write_styles

    def write(path, lines, *, overwrite):
        kept.append([(label, [read_image(part) if isinstance(part, Path) else part for part in parts])
                     for label, parts in lines])  # fmt: skip
        real(path, kept[-1], overwrite=overwrite)

    monkeypatch.setattr(sheet, "write_styles", write)
    return kept


def test_a_sheet_alone_is_that_of_all(run, drawn):
    args = (*STYLED, "--param", "strength=1", "-n", "2")
    status, _, err = run(*args, "--sheet", "look.png")
    assert (status, there()) == (0, ["look.png", "masks", "paintings", "signs"]), err
    assert run(*args, "-o", "out")[0] == 0
    assert Path("look.png").read_bytes() == Path("out.sheet.png").read_bytes()
    assert [label for label, _ in drawn[0]] == ["stop"] * 4 + ["yield"] * 2
    for _, (content, *pairs) in drawn[1]:
        assert content.shape == (16, 18, 3)
        for style, result in zip(pairs[::2], pairs[1::2], strict=True):
            assert np.abs(style.mean(axis=(0, 1)) - result.mean(axis=(0, 1))).max() < 25
    with Image.open("look.png") as picture:
        paper = np.asarray(picture)
    cells = (paper[40] != np.array(sheet.PAPER)).any(axis=1)[sheet.SIDE :]
    assert (np.diff(cells.astype(int)) == 1).sum() + cells[0] == 5  # a content, and two styles and results


def test_a_sheet_goes_where_it_is_said_and_is_not_replaced(run):
    assert run(*STYLED, "-o", "out", "--sheet", "look.png", "-n", "8")[0] == 0
    assert not Path("out.sheet.png").exists()
    with Image.open("look.png") as picture:
        assert picture.size[0] < (2 * styles.MOST + 2) * (sheet.CELL + 3 * sheet.GAP) + sheet.SIDE
    status, _, err = run(*STYLED, "-o", "more", "--sheet", "look.png")
    assert (status, Path("more").exists()) == (2, False)
    assert "--overwrite" in err


# Balance, fit ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [ADAIN, GATYS], ids=["adain", "gatys"])
def test_balance_with_masks_repeats_and_draws_a_sheet(run, drawn, method):
    args = ("balance", "signs", "--masks", "masks", "--generator", "StyleTransfer", *method)
    status, _, err = run(*args, "-o", "out")
    assert status == 0, err
    assert "Sheet: out.sheet.png" in err
    names = ["masks", "out", "out.masks", "out.recipe.json", "out.sheet.png", "paintings", "signs"]
    assert there() == names
    rows = pd.read_csv("out/manifest.csv", keep_default_na=False)
    made = rows[rows["origin"] == "synthetic"]
    assert made["class"].tolist() == ["yield"] * 3
    for (label, (content, style, result)), name, parents in zip(drawn[0], made["file"], made["parents"], strict=True):
        assert label == "yield"
        assert np.array_equal(result, read_image(Path("out", name)))
        real = {parent: read_image(Path("signs", parent)) for parent in parents.split(";")}
        whose = [next(parent for parent, image in real.items() if np.array_equal(image, each))
                 for each in (content, style)]  # fmt: skip
        assert sorted(whose) == sorted(real)
        assert np.array_equal(read_mask(Path("out.masks", name)), read_mask(Path("masks", whose[0])))
    first = tree("out")
    assert run("balance", "-c", "out.recipe.json", "--overwrite")[0] == 0
    assert tree("out") == first


@pytest.mark.parametrize("method", [("--param", "method=moments"), ADAIN], ids=["moments", "adain"])
def test_balance_shows_the_styles_that_were_given(run, drawn, method):
    args = ("--param", "styles=paintings", "--param", "strength=1", "--strategy", "{yield: 9}")
    status, _, err = run("balance", "signs", "--generator", "StyleTransfer", *method, *args, "-o", "out")
    assert status == 0, err
    assert len(drawn[0]) == 7
    paintings = [*ImageFolder("paintings")]
    for _, (_, style, result) in drawn[0]:
        assert any(np.array_equal(style, each) for each in paintings)
        if "method=moments" in method:
            assert np.abs(style.mean(axis=(0, 1)) - result.mean(axis=(0, 1))).max() < 25


def test_balance_without_styles_draws_no_sheet_and_a_dry_run_names_it(run):
    assert run("balance", "signs", "-o", "plain")[0] == 0
    assert not Path("plain.sheet.png").exists()
    args = ("balance", "signs", "--generator", "StyleTransfer", "-o", "out")
    assert "out.sheet.png" in run(*args, "--dry-run")[2]
    Path("out.sheet.png").write_bytes(b"mine")
    status, _, err = run(*args)
    assert (status, Path("out").exists(), Path("out.sheet.png").read_bytes()) == (2, False, b"mine"), err


@pytest.mark.filterwarnings("ignore:.*holds the real rows")
@pytest.mark.parametrize("method", [ADAIN, GATYS], ids=["adain", "gatys"])
def test_fit_sample_and_show_of_networks(run, method):
    status, _, err = run("fit", "signs", "--generator", "StyleTransfer", *method, "-o", "model")
    assert status == 0, err
    assert run("sample", "model", "-n", "3", "--y", "yield", "-o", "out")[0] == 0
    assert sum(name.endswith(".png") for name in tree("out")) == 3
    out = run("show", "model")[1]
    assert "Contains real rows" in out
    assert ("Training: 20 steps" in out) == (method is ADAIN)
    assert run("show", "model", "-o", "grid.png")[0] == 0


def test_painting_says_how_far_it_is(run):
    told = (*GATYS, "--param", "training={progress: true}")
    args = ("balance", "signs", "--generator", "StyleTransfer", "--strategy", "{stop: 7, yield: 5}")
    assert run(*args, *told, "-o", "a")[2].count("painting: 5 of 5 images") == 1
    assert run(*STYLED, *told, "-n", "2", "-o", "b")[2].count("painting: 14 of 14 images") == 1


def test_a_painting_that_goes_wrong_is_told(run, monkeypatch):
    went = SimpleNamespace(style_=SimpleNamespace(log=SimpleNamespace(spoilt=2)))
    assert "2 made images met a loss that is not finite" in styles.spoilt(went)[0]
    monkeypatch.setattr(styles, "spoilt", lambda generator: [f"{type(generator).__name__}: 1 spoilt"])
    assert "StyleTransfer: 1 spoilt" in run(*STYLED, "-o", "a")[2]
    assert "StyleTransfer: 1 spoilt" in run("balance", "signs", "--generator", "StyleTransfer", "-o", "b")[2]
