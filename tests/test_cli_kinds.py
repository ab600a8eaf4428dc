"""The command line on images, recordings, texts and series: real folders, bad input, interrupts, the same bytes."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gensynth import Augment, Balancer, Images, Texts
from gensynth import transforms as T
from gensynth.cli import changing
from gensynth.recipe import plain_policy
from gensynth.store.audio import read_wave, write_wave
from gensynth.store.images import read_image, read_mask, write_image

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RNG = np.random.default_rng(0)


def tree(root: str | Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(Path(root).rglob("*")) if path.is_file()
    }


def manifest(root: str | Path) -> pd.DataFrame:
    return pd.read_csv(Path(root, "manifest.csv"), keep_default_na=False)


def files_of(root: str | Path) -> dict[str, bytes]:
    """Return the files that a manifest is of."""
    return {name: content for name, content in tree(root).items() if name != "manifest.csv"}


def there() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def signs(root="signs", counts=(("stop", 6), ("yield", 2)), size=(9, 11, 3)) -> Path:
    """Write a folder of small images, of one size."""
    for label, count in counts:
        Path(root, label).mkdir(parents=True)
        for row in range(count):
            write_image(Path(root, label, f"{row}.png"), RNG.integers(0, 256, size).astype(np.uint8))
    return Path(root)


def masked(root="scans", count=3) -> Path:
    """Write a flat folder of images and one of masks, the brightest part of each image."""
    Path(root, "image").mkdir(parents=True)
    Path(root, "mask").mkdir()
    for row in range(count):
        image = RNG.integers(0, 100, (20, 24)).astype(np.uint8)
        image[5:12, 3 : 10 + row] = 250
        write_image(Path(root, "image", f"{row}.png"), image)
        write_image(Path(root, "mask", f"{row}.png"), (image > 200) * np.uint8(255))
    return Path(root)


def words(root="words") -> Path:
    for label, count in (("no", 2), ("yes", 5)):
        Path(root, label).mkdir(parents=True)
        for row in range(count):
            write_wave(Path(root, label, f"{row}.wav"), RNG.uniform(-0.5, 0.5, 300 + 20 * row), 8000)
    return Path(root)


TEXTS = b'id,text,label\r\n007,"Win, now ""big""",spam\r\n008,see you at home tonight,ham\r\n009,NA,ham\r\n' + b"".join(
    b"%03d,call me later please,ham\r\n" % row for row in range(10, 16)
)


# Balance --------------------------------------------------------------------------------------------------------------


def test_balance_copies_real_images_and_says_of_each_file_what_it_is(run):
    real = tree(signs())
    status, _, err = run("balance", "signs", "-o", "out")
    assert status == 0, err
    assert "Augment is taken" in err
    made = files_of("out")
    said = manifest("out").set_index("file")
    assert set(said.index) == set(made)
    assert {name: made.pop(name) for name in real} == real
    assert sorted(made) == [f"yield/synthetic-00000{number}.png" for number in (1, 2, 3, 4)]
    assert (said.loc[[*real], ["origin", "parents", "generator"]].drop_duplicates().values.tolist()) == [
        ["real", "", ""]
    ]
    assert (said["class"] == said.index.str.partition("/").get_level_values(0)).all()
    mine = said.loc[[*made]]
    assert set(mine["parents"]) == {"yield/0.png", "yield/1.png"}
    assert (mine["origin"] + mine["generator"]).unique().tolist() == ["syntheticAugment"]
    for name in made:
        assert read_image(Path("out", name)).shape == (9, 11, 3)
        assert made[name] not in real.values()
    assert there() == ["out", "out.recipe.json", "signs"]
    recipe = json.loads(Path("out.recipe.json").read_text())
    assert recipe["result"]["after"] == {"stop": 6, "yield": 6}
    assert recipe["result"]["generator"]["params"]["policy"]["name"] == "Compose"


def test_the_command_line_makes_what_python_makes(run):
    root = signs()
    paths = sorted(root.rglob("*.png"))
    X, y = np.stack([read_image(path) for path in paths]), [path.parent.name for path in paths]
    balancer = Balancer(Augment("Rotate", random_state=3), random_state=3)
    X_new, _ = balancer.fit_resample(Images(X), y)
    assert run("balance", "signs", "-o", "out", "-g", "Augment", "-p", "policy=Rotate", "--seed", "3")[0] == 0
    made = {name: read_image(Path("out", name)) for name in tree("out") if "synthetic-" in name}
    wanted = X_new.x[balancer.is_synthetic_]
    assert len(made) == len(wanted) == 4
    for name, image in made.items():
        assert any(np.array_equal(image, one) for one in wanted), name


def test_frames_of_a_track_are_held_out_together(run):
    for name, tracks in (("stop", 6), ("yield", 3)):
        Path("signs", name).mkdir(parents=True)
        for track in range(tracks):
            for frame in range(4):
                Image.new("RGB", (8, 8), (track * 20, frame * 20, 0)).save(f"signs/{name}/{track:05d}_{frame}.ppm")
    words = ("balance", "signs", "-o", "out", "--holdout", "0.34", "--split-by", r"\w+/\d+_")
    assert run(*words)[0] == 0
    held, kept = ({Path(name).as_posix().rpartition("_")[0] for name in tree(folder) if name.endswith(".ppm")}
                  for folder in ("out.holdout", "out"))  # fmt: skip
    assert not held & kept
    assert len(held | kept) == 9
    assert sorted(name.partition("/")[0] for name in held) == ["stop", "stop", "yield"]
    assert "finds nothing in the name stop/00000_0.ppm" in run(*words[:-1], "x[0-9]", "--overwrite")[2]
    assert "no regular expression" in run(*words[:-1], "(", "--overwrite")[2]


@pytest.mark.parametrize("source", [signs, words], ids=["images", "recordings"])
def test_the_recipe_makes_the_same_bytes(run, source):
    root = source()
    assert run("balance", root, "-o", "out", "--holdout", "0.3", "--seed", "4")[0] == 0
    first, held = tree("out"), tree("out.holdout")
    assert held
    assert not set(first) & set(held)
    assert set(tree(root)) < set(first) | set(held)
    assert run("balance", "--config", "out.recipe.json", "--overwrite")[0] == 0
    assert (tree("out"), tree("out.holdout")) == (first, held)
    run("balance", "--config", "out.recipe.json", "--overwrite", "--seed", "5")
    assert tree("out") != first


def test_a_recipe_says_where_its_input_was_another(run):
    signs()
    assert run("balance", "signs", "-o", "out")[0] == 0
    assert "is not what it was" not in run("balance", "-c", "out.recipe.json", "--overwrite")[2]
    Path("signs/stop/0.png").rename("signs/stop/00.png")
    assert "is not what it was" in run("balance", "-c", "out.recipe.json", "--overwrite")[2]


def test_a_class_of_one_image_and_images_of_all_sorts(run):
    rare = Path("käfer und co", "Ä")
    rare.mkdir(parents=True)
    write_image(rare / "one pixel.png", np.array([[[1, 2, 3]]], dtype=np.uint8))
    common = Path("käfer und co", "b")
    common.mkdir()
    for row, size in enumerate([(4, 9), (7, 5, 3), (1, 6, 4), (30, 2)]):
        write_image(common / f"{row}.png", RNG.integers(0, 256, size).astype(np.uint8))
    Image.fromarray(RNG.integers(0, 65536, (6, 6)).astype(np.uint16)).save(common / "deep.png")
    status, _, err = run("balance", "käfer und co", "-o", "aus gabe", "--strategy", "all")
    assert status == 0, err
    assert len([name for name in tree("aus gabe") if name.startswith("Ä/synthetic-")]) == 4
    assert run("transform", "käfer und co", "-o", "changed", "-n", "2")[0] == 0
    for name in tree("käfer und co"):
        for copy in (1, 2):
            made = Path("changed", name.replace(".png", f"_synthetic_000{copy}.png"))
            assert read_image(made).shape == read_image(Path("käfer und co", name)).shape
            assert read_image(made).dtype == read_image(Path("käfer und co", name)).dtype


def test_copies_are_bytes_and_masks_go_with_their_images(run):
    signs("images")
    for path in Path("images").rglob("*.png"):
        mask = Path("masks", path.relative_to("images"))
        mask.parent.mkdir(parents=True, exist_ok=True)
        write_image(mask, np.uint8(255) * (read_image(path)[..., 0] > 128))
    words_of = ("balance", "images", "--masks", "masks", "-o")
    assert run(*words_of, "copies", "-g", "RandomOverSampler")[0] == 0
    for name, content in tree("copies").items():
        if "synthetic" in name:
            assert content in tree("images").values()
    assert manifest("copies")["parents"].str.startswith("yield/").sum() == 4
    assert (
        run(*words_of, "out", "-g", "Augment", "-p", "policy={name: Translate, x: 0.3, whole: true, border: 0.0}")[0]
        == 0
    )
    made, covers = files_of("out"), tree("out.masks")
    assert set(made) == set(covers)
    assert {name: covers[name] for name in tree("masks")} == tree("masks")
    for name in made:
        mask = read_mask(Path("out.masks", name)) > 0
        assert np.array_equal(mask, read_image(Path("out", name))[..., 0] > 128)  # also where nothing came in


def test_held_out_images_take_their_masks_along(run):
    signs("images")
    signs("masks", size=(9, 11))
    assert run("balance", "images", "--masks", "masks", "--holdout", "0.3", "-o", "out")[0] == 0
    for out in ("out", "out.holdout"):
        assert set(files_of(out)) == set(tree(f"{out}.masks"))
    assert tree("out.holdout.masks").items() <= tree("masks").items()
    assert len(tree("out.holdout")) == 3
    assert all("yield" in name for name in tree("out") if "synthetic" in name)


def test_policies_that_mix_rows_see_all_of_the_folder(run, monkeypatch):
    signs()
    monkeypatch.setattr(changing, "BLOCK", 1)
    status, _, err = run("transform", "signs", "--policy", "{name: MixUp, same_class: true}", "-o", "out")
    assert status == 0, err
    X = np.stack([read_image(Path("signs", name)) for name in tree("signs")])
    y = np.array([name.startswith("yield") for name in tree("signs")]).astype(int)
    wanted, _ = T.MixUp(same_class=True, random_state=0).fit(X, y)(X, y=y, index=np.arange(len(X)))
    assert not np.array_equal(wanted, X)
    for name, image in zip(tree("out"), wanted, strict=True):
        assert np.array_equal(read_image(Path("out", name)), image)
    status, _, err = run("transform", "signs", "--policy", "{name: MixUp, same_class: false}", "-o", "no")
    assert (status, Path("no").exists()) == (2, False)
    assert "mixes labels" in err


def test_balance_of_texts_leaves_real_lines_and_other_columns(run):
    Path("sms.csv").write_bytes(TEXTS)
    status, _, err = run("balance", "sms.csv", "--text", "text", "-t", "label", "-o", "out.csv")
    assert status == 0, err
    made = Path("out.csv").read_bytes()
    assert made.startswith(TEXTS)
    rows = made[len(TEXTS) :].decode().splitlines()
    assert len(rows) == 7
    assert all(row.startswith("007,") and row.endswith(",spam") for row in rows)
    assert run("balance", "-c", "out.csv.recipe.json", "--overwrite")[0] == 0
    assert Path("out.csv").read_bytes() == made


def test_empty_texts_and_words_that_look_missing_are_texts(run):
    Path("sms.csv").write_text("text,label\n,a\nNA,a\nnull,b\n12,b\n  ,b\nhello there,b\n")
    args = ("balance", "sms.csv", "--text", "text", "-t", "label", "-o", "out.csv")
    status, _, err = run(*args, "-g", "RandomOverSampler", "--strategy", "{a: 4}")
    assert status == 0, err
    assert "2 of 6 cells of column 'text' are empty" in err
    assert sorted(Path("out.csv").read_text().splitlines()[7:]) == [",a", "NA,a"]
    assert run("transform", "sms.csv", "--text", "text", "-o", "t.csv")[0] == 0
    assert len(Path("t.csv").read_text().splitlines()) == 7


def test_balance_of_series(run):
    Path("beats.csv").write_text(
        "who,t0,t1,t2,count,label\nA,1.50,2.25,3.00,1,x\nB,1.00,2.00,,2,x\nC,0.50,1.00,1.50,3,x\nD,9.00,8.00,,4,y\n"
    )
    args = ("balance", "beats.csv", "--kind", "series", "-t", "label", "--schema", "count=category", "-o", "out.csv")
    status, _, err = run(*args, "-g", "Augment", "-p", "policy={name: JitterSeries, deviation: [0.05, 0.05]}")
    assert status == 0, err
    assert "series of 3 steps, 't0' to 't2'; kept as they are: who, count" in err
    lines = Path("out.csv").read_text().splitlines()
    assert lines[:5] == Path("beats.csv").read_text().splitlines()
    assert len(lines) == 7
    for line in lines[5:]:
        who, first, second, third, count, label = line.split(",")
        assert (who, third, count, label) == ("D", "", "4", "y")  # as short as its parent
        assert len(first.split(".")[1]) == len(second.split(".")[1]) == 2


def test_whole_steps_stay_whole(run):
    rows = [f"{','.join(str(step) for step in RNG.integers(0, 90, 8))},{'a' if row else 'b'}" for row in range(4)]
    Path("s.csv").write_text("\n".join([",".join(f"t{step}" for step in range(8)) + ",y", *rows, ""]))
    assert run("transform", "s.csv", "--kind", "series", "-t", "y", "-n", "3", "-o", "o.csv")[0] == 0
    made = pd.read_csv("o.csv")
    assert made["y"].tolist() == ["b", "a", "a", "a"] * 3
    assert (made.dtypes.iloc[:8] == "int64").all()


def test_groups_and_mark_of_texts(run):
    rows = [f"text {row} of many,{'a' if row % 2 else 'b'},{'x' if row % 4 else 'y'}" for row in range(16)]
    Path("t.csv").write_text("\n".join(["text,team,label", *rows, ""]))
    args = ("balance", "t.csv", "--text", "text", "-t", "label", "--groups", "team", "--mark", "made", "-o", "o.csv")
    status, _, err = run(*args, "-g", "RandomOverSampler", "--strategy", "{x: 14}")
    assert status == 0, err
    made = pd.read_csv("o.csv")
    assert made["made"].sum() == len(made) - 16 > 0
    assert all(row.text.split()[1].isdigit() and (int(row.text.split()[1]) % 2 == 1) == (row.team == "a")
               for row in made.itertuples())  # fmt: skip


def test_dry_run_and_print_config_write_nothing(run):
    signs()
    status, _, err = run("balance", "signs", "-o", "out", "--dry-run")
    assert (status, there()) == (0, ["signs"])
    assert "yield: 4" in err
    status, out, _ = run("transform", "signs", "--policy", "Flip", "-n", "3", "-o", "out", "--print-config")
    assert (status, there()) == (0, ["signs"])
    Path("job.yaml").write_text(out)
    assert run("transform", "-c", "job.yaml")[0] == 0
    assert len(tree("out")) == 24


# Folders as they are balanced -----------------------------------------------------------------------------------------


def reject(*names: str, path: str = "marks.txt") -> tuple[str, str]:
    Path(path).write_text("".join(f"{name}\n" for name in names))
    return "--reject", path


@pytest.mark.parametrize(
    "options",
    [("-g", "Augment"), ("-g", "Augment", "--gate", "NotACopy"), ("-g", "VAE", "-p", "steps=2"),
     ("-g", "Augment", "--under", "{name: RandomUnderSampler, params: {sampling_strategy: {stop: 7}}}")],
    ids=["Augment", "gate", "VAE", "under"],
)  # fmt: skip
def test_other_files_stand_in_place_of_refused_ones_and_those_that_are_kept_stay(run, options):
    signs(counts=[("go", 3), ("stop", 8), ("yield", 2)])
    if "--under" in options:  # it takes a configuration
        Path("job.yaml").write_text(f"under: {options[-1]}\n")
        options = (*options[:-2], "-c", "job.yaml")
    status, _, err = run("balance", "signs", "-o", "out", *options)
    assert status == 0, err
    first = files_of("out")
    made = sorted(name for name in first if "synthetic-" in name)
    per_class = [name for name in made if name.startswith("yield")]
    assert len(made) == 2 * len(per_class) - 1
    gone = {per_class[1], "go/synthetic-000001.png"}
    marked = manifest("out").assign(reject=lambda said: np.where(said["file"].isin(gone), "x", ""))
    marked.to_csv("marked.csv", index=False)
    status, _, err = run("balance", "-c", "out.recipe.json", "--reject", "marked.csv", "--overwrite")
    assert status == 0, err
    second = files_of("out")
    new = {f"yield/synthetic-{len(per_class) + 1:06d}.png", f"go/synthetic-{len(per_class):06d}.png"}
    assert set(second) - set(first) == new
    assert set(first) - set(second) == gone
    assert all(second[name] == first[name] for name in set(first) - gone)
    assert not {second[name] for name in new} & {*first.values()}
    assert set(manifest("out")["file"]) == set(second)
    assert run("balance", "-c", "out.recipe.json", "--overwrite")[0] == 0  # what was refused stays so
    assert files_of("out") == second
    assert run("balance", "-c", "out.recipe.json", "--overwrite", *reject(min(new)))[0] == 0
    third = files_of("out")
    assert set(second) - set(third) == {min(new)}
    assert all(third[name] == second[name] for name in set(second) & set(third))


def test_parents_of_what_stands_in_place_are_right(run):
    signs()
    assert (
        run("balance", "signs", "-o", "out", "-g", "RandomOverSampler", *reject("yield/synthetic-000002.png"))[0] == 0
    )
    said = manifest("out").set_index("file")
    assert (said["origin"] == "synthetic").sum() == 4
    for name, parent in said.loc[said["origin"] == "synthetic", "parents"].items():
        assert Path("out", name).read_bytes() == Path("signs", parent).read_bytes()


def test_masks_and_recordings_of_refused_files(run):
    signs("images")
    signs("masks", size=(9, 11))
    args = ("balance", "images", "--masks", "masks", "-g", "RandomOverSampler", "-o", "out")
    assert run(*args, *reject("yield/synthetic-000001.png"))[0] == 0
    assert set(files_of("out")) == set(tree("out.masks"))
    said = manifest("out").set_index("file")["parents"]
    for name, parent in said[said != ""].items():
        assert Path("out.masks", name).read_bytes() == Path("masks", parent).read_bytes()
    words()
    assert run("balance", "words", "-o", "w", *reject("no/synthetic-000003.wav"))[0] == 0
    assert sorted(name for name in tree("w") if "synthetic" in name) == [
        f"no/synthetic-00000{number}.wav" for number in (1, 2, 4)
    ]


def test_names_that_are_refused_and_are_not_there(run):
    signs()
    for name, says in [("yield/synthetic-000005.png", "no such file is made"), ("yield/0.png", "a real file"),
                       ("..", "no such file is made"), ("yeld/synthetic-000001", "did you mean")]:  # fmt: skip
        status, _, err = run("balance", "signs", "-o", "out", *reject(name))
        assert (status, says in err, Path("out").exists()) == (2, True, False), err
    status, _, err = run("balance", "signs", "-o", "out", "--reject", "none.csv")
    assert (status, "--reject none.csv" in err) == (2, True), err


def test_links_share_the_bytes_of_real_files_and_a_recipe_keeps_that(run):
    signs()
    assert run("balance", "signs", "-o", "out", "--link", "--holdout", "0.3")[0] == 0
    assert run("balance", "-c", "out.recipe.json", "--overwrite")[0] == 0
    for out in ("out", "out.holdout"):
        names = [name for name in files_of(out) if "synthetic-" not in name]
        assert names
        assert all(Path(out, name).samefile(Path("signs", name)) for name in names)


def test_a_balanced_folder_can_be_balanced_again(run):
    signs()
    assert run("balance", "signs", "-o", "once")[0] == 0
    status, _, err = run("balance", "once", "-o", "twice", "--strategy", "{yield: 8}")
    assert status == 0, err
    assert "left out" not in err
    assert files_of("once").items() <= files_of("twice").items()
    assert {f"yield/synthetic-00000{number}.png" for number in (5, 6)} == {*tree("twice")} - {*tree("once")}
    said = manifest("twice")
    assert (said["origin"] == "synthetic").sum() == 6
    assert said[: len(said)].merge(manifest("once")).shape == manifest("once").shape  # what was made once is still said
    assert "6 of them are synthetic" in run("show", "twice")[1]


def test_generators_that_need_one_size_get_it(run):
    signs()
    for row in range(3):
        write_image(f"signs/stop/wide{row}.png", RNG.integers(0, 256, (90, 200)).astype(np.uint8))
    status, _, err = run("balance", "signs", "-o", "out", "-g", "VAE", "-p", "steps=2")
    assert status == 0, err
    assert "3 of 11 images are brought to 9 x 11 pixels" in err
    assert {name: tree("signs")[name] for name in tree("signs")}.items() <= tree("out").items()
    made = [name for name in tree("out") if "synthetic-" in name]
    assert len(made) == 7
    assert {read_image(Path("out", name)).shape for name in made} == {(9, 11, 3)}
    assert set(manifest("out").set_index("file").loc[made, "parents"]) <= {"yield/0.png", "yield/1.png"}  # of detail
    args = ("balance", "signs", "-g", "VAE", "-p", "steps=2", "--size", "8x16", "-o", "sized")
    assert run(*args)[0] == 0
    assert read_image("sized/yield/synthetic-000001.png").shape == (8, 16, 3)
    changed = ("balance", "signs", "-g", "Augment", "-p", "generator={name: VAE, params: {steps: 2}}", "-o", "both")
    status, _, err = run(*changed)
    assert status == 0, err
    assert read_image("both/yield/synthetic-000001.png").shape == (9, 11, 3)


def test_photographs_are_learned_small_unless_said(run):
    signs("photos", size=(300, 200, 3), counts=[("a", 5), ("b", 2)])
    status, _, err = run("balance", "photos", "-o", "out", "-g", "VAE", "-p", "steps=1")
    assert status == 0, err
    assert "7 of 7 images are brought to 64 x 43 pixels (--size" in err
    assert read_image("out/b/synthetic-000001.png").shape == (64, 43, 3)


# Transform ------------------------------------------------------------------------------------------------------------


def test_transform_makes_what_the_policy_makes(run):
    root = signs()
    assert run("transform", "signs", "--policy", "Rotate", "-n", "2", "-o", "out", "--seed", "7")[0] == 0
    paths = sorted(root.rglob("*.png"))
    X = np.stack([read_image(path) for path in paths])
    for copy in range(2):
        made = T.Rotate(random_state=7)(X, epoch=copy)
        for path, image in zip(paths, made, strict=True):
            name = Path("out", path.parent.name, f"{path.stem}_synthetic_000{copy + 1}.png")
            assert np.array_equal(read_image(name), image)


def test_blocks_do_not_matter(run, monkeypatch):
    masked()
    args = ("transform", "scans/image", "--masks", "scans/mask", "-n", "2", "--seed", "1")
    assert run(*args, "-o", "a")[0] == 0
    monkeypatch.setattr(changing, "BLOCK", 1)
    assert run(*args, "-o", "b")[0] == 0
    assert tree("a") == tree("b")
    assert tree("a.masks") == tree("b.masks")
    assert len(tree("a")) == len(tree("a.masks")) == 6


def test_masks_are_moved_as_their_images(run):
    masked()
    policy = "[{name: Translate, x: 0.2, y: 0.2, whole: true, border: 0.0}, {name: Flip, p: 0.5}]"
    Path("policy.yaml").write_text(policy)
    args = ("transform", "scans/image", "--masks", "scans/mask", "--policy", "policy.yaml", "-n", "4", "--originals")
    status, _, err = run(*args, "-o", "out", "--masks-out", "covers")
    assert status == 0, err
    assert "Flip may break labels" in err
    assert len(tree("out")) == 15
    for name in tree("out"):
        image, mask = read_image(Path("out", name)), read_mask(Path("covers", name))
        assert np.array_equal(mask > 0, image > 200)
        assert set(np.unique(mask)) <= {0, 255}
    assert {name: tree("out")[name] for name in tree("scans/image")} == tree("scans/image")


def test_transform_of_recordings_and_its_recipe(run):
    words()
    status, _, err = run("transform", "words", "-n", "2", "-o", "out")
    assert status == 0, err
    first = tree("out")
    assert len(first) == 14
    assert all(read_wave(Path("out", name)).rate == 8000 for name in first)
    assert run("transform", "-c", "out.recipe.json", "--overwrite")[0] == 0
    assert tree("out") == first
    assert "gensynth transform --config" in run("show", "out.recipe.json")[1]


def test_transform_of_texts_in_order_with_and_without_the_originals(run):
    Path("sms.csv").write_bytes(TEXTS)
    args = ("transform", "sms.csv", "--text", "text", "-t", "label", "--policy", "ShuffleWords", "-n", "2")
    assert run(*args, "-o", "a.csv")[0] == 0
    assert run(*args, "-o", "b.csv", "--originals")[0] == 0
    a, b = Path("a.csv").read_bytes(), Path("b.csv").read_bytes()
    header = TEXTS.splitlines(keepends=True)[0]
    assert b == TEXTS + a.removeprefix(header)
    made = pd.read_csv("a.csv", dtype=str, keep_default_na=False)
    assert made["id"].tolist() == [f"{row:03d}" for row in range(7, 16)] * 2
    texts = pd.read_csv("sms.csv", dtype=str, keep_default_na=False)["text"].tolist()
    policy = T.ShuffleWords(random_state=0)
    wanted = [policy(Texts(texts), index=np.arange(9), epoch=copy).x for copy in range(2)]
    assert made["text"].tolist() == wanted[0] + wanted[1]


def test_transform_of_tables(run, payments):
    assert run("transform", payments.name, "-t", "fraud", "-o", "out.csv", "--originals")[0] == 0
    out, real = pd.read_csv("out.csv"), pd.read_csv(payments)
    pd.testing.assert_frame_equal(out.iloc[:2000], real)
    assert out["fraud"].tolist() == real["fraud"].tolist() * 2
    assert not out["amount"].iloc[2000:].reset_index(drop=True).equals(real["amount"])


def test_a_sheet_shows_originals_copies_and_masks(run):
    masked(count=2)
    args = ("transform", "scans/image", "--masks", "scans/mask", "-n", "3", "--policy", "Compose")
    status, _, err = run(*args, "--sheet", "sheet.png")
    assert (status, there()) == (0, ["scans", "sheet.png"]), err
    sheet = read_image("sheet.png").astype(int)
    assert sheet.ndim == 3
    red = (sheet[..., 0] - sheet[..., 2]) > 40  # masks are laid over images in red
    ends = np.diff(np.concatenate([[0], red.any(axis=0).astype(int), [0]]))
    assert (ends == 1).sum() == 4  # in the original and in each of three copies, which nothing changed
    assert run(*args, "--sheet", "sheet.png")[0] == 2
    assert run(*args, "--sheet", "sheet.jpg")[0] == 2
    signs(counts=[(f"class {row}", 1) for row in range(12)])
    assert run("transform", "signs", "--sheet", "many.png", "-o", "out")[0] == 0
    assert len(tree("out")) == 12
    with Image.open("many.png") as many:
        assert many.size[1] < 2000


def test_explain_says_what_is_done_and_writes_nothing(run):
    signs()
    status, out, _ = run("transform", "signs", "--policy", "Flip", "--explain")
    assert (status, there()) == (0, ["signs"])
    assert "11" in out
    assert "Flip may break labels" in out
    Path("sms.csv").write_bytes(TEXTS)
    assert "DeleteWords" in run("transform", "sms.csv", "--text", "text", "--policy", "DeleteWords", "--explain")[1]


def test_policies_in_all_spellings():
    flip = {"name": "Flip"}
    assert plain_policy("Flip") == plain_policy(flip) == flip
    assert plain_policy(["Flip", {"name": "Rotate", "degrees": 5}]) == {
        "name": "Compose", "parts": [flip, {"name": "Rotate", "degrees": 5}],
    }  # fmt: skip
    nested = plain_policy({"name": "OneOf", "parts": ["Flip", ["Flip", "Rotate"]]})
    assert nested["parts"][1] == {"name": "Compose", "parts": [flip, {"name": "Rotate"}]}


# Fit, sample, show ----------------------------------------------------------------------------------------------------


def test_fit_sample_and_show_of_files(run):
    signs()
    words()
    for name, suffix in (("signs", ".png"), ("words", ".wav")):
        label = {"signs": "yield", "words": "no"}[name]
        assert run("fit", name, "-o", f"{name}.model", "-g", "Augment")[0] == 0
        status, _, err = run("sample", f"{name}.model", "-n", "3", "--y", label, "-o", f"{name}.new")
        assert status == 0, err
        made = [f"{label}/synthetic-00000{number}{suffix}" for number in (1, 2, 3)]
        assert sorted(tree(f"{name}.new")) == ["manifest.csv", *made]
        assert run("sample", f"{name}.model", "-n", "3")[0] == 2
        assert run("sample", f"{name}.model", "-n", "3", "-o", name, "--overwrite")[0] == 2
        assert run("balance", name, "--model", f"{name}.model", "-o", f"{name}.out")[0] == 0
        shown = run("show", name)[1]
        assert label in shown
    assert "11 x 9, RGB" in run("show", "signs")[1]
    assert len(list(Path("signs.out", "yield").iterdir())) == 6


def test_fit_and_sample_of_texts_and_series(run):
    Path("sms.csv").write_bytes(TEXTS)
    assert run("fit", "sms.csv", "--text", "text", "-t", "label", "-o", "m", "-g", "Augment")[0] == 0
    status, out, err = run("sample", "m", "-n", "2", "--y", "ham")
    assert status == 0, err
    assert out.splitlines()[0] == "text,label"
    Path("s.csv").write_text("a,b,y\n" + "1.5,2.5,u\n2.5,3.5,v\n" * 4)
    assert run("fit", "s.csv", "--kind", "series", "-t", "y", "-o", "n", "-g", "Augment")[0] == 0
    out = run("sample", "n", "-n", "2")[1]
    assert out.splitlines()[0] == "a,b,y"
    assert len(out.splitlines()) == 3


def test_a_model_learns_images_of_several_sizes_in_one(run):
    signs()
    write_image("signs/stop/odd.png", np.zeros((30, 3), dtype=np.uint8))
    for size, shape in (((), (9, 11, 3)), (("--size", "6"), (6, 6, 3)), (("--size", "8x5"), (8, 5, 3))):
        status, _, err = run("fit", "signs", "-o", "m", *size, "--overwrite")
        assert status == 0, err
        assert f"images are brought to {shape[0]} x {shape[1]} pixels" in err
        assert run("sample", "m", "-n", "2", "--y", "stop", "-o", f"made{shape[1]}")[0] == 0
        assert read_image(f"made{shape[1]}/stop/synthetic-000002.png").shape == shape
    signs("masks", size=(9, 11))
    write_image("masks/stop/odd.png", np.zeros((30, 3), dtype=np.uint8))
    status, _, err = run("fit", "signs", "--masks", "masks", "-o", "n")
    assert (status, "images of one size" in err) == (2, True), err


def test_images_that_are_alike_are_changed_as_they_are(run):
    signs(size=(90, 70, 4))
    assert run("fit", "signs", "-o", "m", "-g", "Augment")[0] == 0
    assert run("sample", "m", "-n", "1", "--y", "stop", "-o", "made")[0] == 0
    assert read_image("made/stop/synthetic-000001.png").shape == (90, 70, 4)
    status, _, err = run("fit", "signs", "-o", "n", "-g", "VAE", "-p", "steps=1")
    assert status == 0, err
    assert "8 of 8 images are brought to 64 x 50 pixels" in err
    assert run("balance", "signs", "--model", "n", "-o", "out")[0] == 0
    assert manifest("out").query("origin == 'synthetic'")["generator"].unique().tolist() == ["VAE"]
    assert read_image("out/yield/synthetic-000001.png").shape == (64, 50, 4)


def test_a_model_says_which_files_its_rows_come_from(run):
    signs()
    assert run("fit", "signs", "-o", "m", "-g", "RandomOverSampler")[0] == 0
    assert run("sample", "m", "-n", "9", "-o", "made")[0] == 0
    said = manifest("made")
    assert set(said["file"]) == set(files_of("made"))
    assert (said["origin"] + said["generator"]).unique().tolist() == ["syntheticRandomOverSampler"]
    for row in said.itertuples():
        assert np.array_equal(read_image(Path("made", row.file)), read_image(Path("signs", row.parents)))


# Bad input ------------------------------------------------------------------------------------------------------------

WRONG = [
    (("balance", "sings"), 2, "did you mean 'signs'"),
    (("balance", "sings", "--kind", "image"), 2, "did you mean 'signs'"),
    (("transform", "signs", "--masks", "no"), 2, "no such folder"),
    (("balance", "signs", "-o", "signs"), 2, "is the input"),
    (("balance", "signs", "-o", "signs/out"), 2, "inside the input"),
    (("transform", "signs", "-o", "signs/stop/out"), 2, "inside the input"),
    (("balance", "signs", "-o", "."), 2, "holds the input"),
    (("balance", "signs", "-o", "holiday", "--overwrite"), 2, "no recipe"),
    (("balance", "signs", "-o", "-"), 2, "standard output"),
    (("balance", "signs", "-t", "label"), 2, "leave it out"),
    (("balance", "signs", "--split", "part"), 2, "leave it out"),
    (("balance", "signs", "--mark", "made"), 2, "leave it out"),
    (("balance", "signs", "--kind", "series"), 2, "is a folder"),
    (("balance", "signs", "--text", "words"), 2, "is a folder"),
    (("balance", "signs", "--kind", "audio"), 1, "no recordings"),
    (("balance", "signs", "--kind", "pictures"), 2, "kind"),
    (("balance", "signs", "--size", "0"), 2, "size"),
    (("balance", "signs", "--size", "8", "--masks", "signs"), 2, "size and masks"),
    (("balance", "signs", "--size", "big"), 2, "size"),
    (("balance", "signs", "--size", "3x4x5"), 2, "size"),
    (("balance", "signs", "--on-bad", "ignore"), 2, "on_bad"),
    (("balance", "sms.csv", "--text", "text", "-t", "label", "--link"), 2, "--link is for folders"),
    (("fit", "sms.csv", "--text", "text", "-t", "label", "-o", "m", "--size", "4"), 2, "--size is for folders"),
    (("balance", "flat"), 1, "no class folders"),
    (("balance", "lone"), 1, "1 class"),
    (("balance", "empty"), 1, "no images or recordings"),
    (("balance", "signs", "-g", "SMOTE"), 2, "SMOTE does not take data of kind 'image'"),
    (("balance", "signs", "-g", "Augment", "-p", "policy=Flop"), 2, "did you mean 'Flip'"),
    (("balance", "signs", "-g", "Augment", "-p", "policy={name: Flip, prob: 1}"), 2, "Flip has no setting 'prob'"),
    (("balance", "signs", "-g", "Augment", "-p", "policy=DeleteWords"), 2, "kind 'text'"),
    (("balance", "signs", "-g", "Augment", "-p", "generator=VEA"), 2, "did you mean 'VAE'"),
    (("balance", "signs", "-g", "Augment", "-p", "generator={nam: VAE}"), 2, "did you mean 'name'"),
    (
        ("balance", "signs", "-g", "Augment", "-p", "generator={name: VAE, params: {step: 1}}"),
        2,
        "did you mean 'steps'",
    ),
    (("transform", "signs", "--policy", "no.yaml"), 2, "no.yaml"),
    (("transform", "signs", "--policy", "bad.yaml"), 2, "did you mean 'Rotate'"),
    (("transform", "signs", "--policy", "DeleteWords"), 2, "kind 'text'"),
    (("transform", "signs", "-n", "0"), 2, "copies"),
    (("transform", "signs", "--masks-out", "x"), 2, "--masks"),
    (("transform", "sms.csv", "--sheet", "x.png", "--text", "text"), 2, "is a table"),
    (("transform", "sms.csv", "--policy", "DeleteWords"), 2, "--text"),
    (("transform", "sms.csv", "--text", "text", "-o", "sms.csv", "--overwrite"), 2, "never replaced"),
    (("transform", "sms.csv", "--text", "text", "-t", "labl"), 2, "did you mean 'label'"),
    (("balance", "sms.csv", "--text", "txt", "-t", "label"), 2, "did you mean 'text'"),
    (("balance", "sms.csv", "--text", "label", "-t", "label"), 2, "is the target"),
    (("balance", "sms.csv", "--text", "text"), 2, "--target"),
    (("balance", "sms.csv", "--kind", "text", "-t", "label"), 2, "--text"),
    (("balance", "sms.csv", "--kind", "series", "--text", "text", "-t", "label"), 2, "leave one of them out"),
    (("balance", "sms.csv", "--kind", "image", "-t", "label"), 2, "is a file"),
    (("balance", "sms.csv", "--masks", "signs", "-t", "label"), 2, "--masks"),
    (("balance", "words.csv", "--kind", "series", "-t", "label"), 1, "no time steps"),
    (("balance", "blank.csv", "--text", "text", "-t", "label"), 1, "every cell"),
]


@pytest.mark.parametrize(
    ("args", "code", "says"), WRONG, ids=lambda part: " ".join(part)[:50] if isinstance(part, tuple) else ""
)
def test_wrong_requests_get_one_sentence_and_write_nothing(run, args, code, says):
    signs()
    signs("lone", [("only", 2)])
    signs("holiday", [("beach", 1)])
    Path("flat").mkdir()
    write_image("flat/a.png", np.zeros((2, 2), dtype=np.uint8))
    Path("empty").mkdir()
    Path("sms.csv").write_bytes(TEXTS)
    Path("words.csv").write_text("a,label\nx,1\ny,2\n")
    Path("blank.csv").write_text("a,text,label\n1,,x\n2,,y\n")
    Path("bad.yaml").write_text("- Rotat\n")
    before = tree(".")
    status, out, err = run(*args)
    assert says in err, err
    assert (status, out) == (code, "")
    assert len([line for line in err.strip().splitlines() if "note:" not in line]) <= 2
    assert tree(".") == before


def test_broken_files_are_left_out_or_refused(run):
    signs()
    Path("signs/stop/3.png").write_bytes(b"broken")  # a class of which nothing is made
    path = Path("signs/yield/0.png")
    path.write_bytes(path.read_bytes()[:-30])
    for words_of in (("balance", "--on-bad", "error"), ("transform",), ("fit", "--on-bad", "error")):
        status, _, err = run(*words_of, "signs", "-o", "out")
        assert (status, there()) == (1, ["signs"])
        assert "3.png is broken" in err
    for generator in ("Augment", "RandomOverSampler"):
        status, _, err = run("balance", "signs", "-o", generator, "-g", generator)
        assert status == 0, err
        assert "2 of 8 images cannot be read: stop/3.png, yield/0.png; they are left out" in err
        assert not {"stop/3.png", "yield/0.png"} & {*tree(generator)}
        assert len(files_of(generator)) == 10
    assert "2 of 8 images" in run("fit", "signs", "-o", "model")[2]


def test_wrong_masks_are_named(run):
    masked()
    args = ("transform", "scans/image", "--masks", "scans/mask", "-o", "out")
    write_image("scans/mask/1.png", np.zeros((20, 23), dtype=np.uint8))
    assert "23 x 20 pixels, and its image scans/image/1.png 24 x 20" in run(*args)[2]
    write_image("scans/mask/1.png", np.zeros((20, 24, 3), dtype=np.uint8))
    assert "coloured" in run(*args)[2]
    Path("scans/mask/1.png").unlink()
    status, _, err = run(*args)
    assert status == 1
    assert "1.png has no mask" in err
    assert there() == ["scans"]


def test_recordings_of_two_rates_are_refused_and_stereo_is_told(run):
    root = words()
    write_wave(root / "yes" / "odd.wav", np.zeros(50), 16000)
    status, _, err = run("balance", "words", "-o", "out")
    assert (status, there()) == (1, ["words"])
    assert "odd.wav has 16000 Hz and others 8000 Hz" in err
    (root / "yes" / "odd.wav").unlink()
    from scipy.io import wavfile

    wavfile.write(root / "no" / "both.wav", 8000, RNG.integers(-99, 99, (200, 2)).astype(np.int16))
    status, _, err = run("balance", "words", "-o", "out")
    assert status == 0, err
    assert "1 recording has several channels" in err


def test_files_left_out_are_told_and_not_copied(run):
    signs()
    Path("signs/readme.txt").write_text("about")
    Path("signs/none").mkdir()
    _, _, err = run("balance", "signs", "-o", "out")
    assert "readme.txt" in err
    assert "none" in err
    assert not Path("out/readme.txt").exists()
    assert not Path("out/none").exists()


@pytest.mark.parametrize("verb", ["balance", "transform"])
def test_nothing_is_overwritten_unless_asked(run, verb):
    signs()
    assert run(verb, "signs", "-o", "out")[0] == 0
    before = tree("out")
    status, _, err = run(verb, "signs", "-o", "out", "--seed", "3")
    assert (status, "--overwrite" in err) == (2, True)
    assert tree("out") == before
    assert run(verb, "signs", "-o", "out", "--seed", "3", "--overwrite")[0] == 0
    assert set(tree("out")) == set(before)
    assert tree("out") != before


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
@pytest.mark.parametrize("verb", ["balance", "transform"])
def test_an_interrupt_while_writing_leaves_what_was_there(run, monkeypatch, verb, old):
    signs()
    if old:
        assert run(verb, "signs", "-o", "out")[0] == 0
    before = tree(".")
    asked = []

    def interrupted(handle):
        asked.append(handle)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    status, _, err = run(verb, "signs", "-o", "out", "--overwrite", "--seed", "9")
    assert asked, "nothing was being written: the test interrupts nothing"
    assert (status, "interrupted" in err) == (1, True)
    assert tree(".") == before


# Real data ------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not beside this checkout")
def test_real_folders_and_files(run):
    done = [
        run("balance", SHARED / "audio" / "free_spoken_digits", "-o", "digits", "--strategy", '{"1": 27}'),
        run("transform", SHARED / "images" / "segmentation" / "chase_db1" / "image", "--masks",
            SHARED / "images" / "segmentation" / "chase_db1" / "mask", "--sheet", "eyes.png"),
        run("balance", SHARED / "text" / "sms_spam.csv.gz", "--text", "text", "-t", "label", "-o", "sms.csv.gz"),
        run("balance", SHARED / "timeseries" / "gunpoint.csv.gz", "--kind", "series", "-t", "label", "--split", "split",
            "--strategy", "{1: 30}", "-o", "guns.csv"),
    ]  # fmt: skip
    assert [status for status, _, _ in done] == [0, 0, 0, 0], [err for _, _, err in done]
    assert len(files_of("digits")) == 123
    assert len(pd.read_csv("sms.csv.gz")) == 2 * 4827
    assert len(pd.read_csv("guns.csv")) == 26 + 30


def test_transform_of_tables_holds_to_the_schema(run):
    rng = np.random.default_rng(0)
    codes = 10_000 + 997 * rng.integers(0, 20, 60)
    pd.DataFrame({"zip": codes, "n": rng.normal(size=60), "row": np.arange(60) * 7}).to_csv("t.csv", index=False)
    policy = "[{name: CategoryNoise, chance: 1}, {name: JitterNumbers, deviation: [1, 1]}]"
    args = ("transform", "t.csv", "--policy", policy)
    assert run(*args, "-o", "guessed.csv")[0] == 0
    assert not set(pd.read_csv("guessed.csv")["zip"]) <= {*codes}
    assert run(*args, "--schema", "zip=category", "--schema", "row=identifier", "-o", "said.csv")[0] == 0
    said = pd.read_csv("said.csv")
    assert set(said["zip"]) <= {*codes}
    assert (said["zip"] != codes).any()
    assert said["row"].tolist() == [*range(0, 420, 7)]


def test_a_recipe_keeps_the_default_policy_of_its_day(run, monkeypatch):
    write_texts = pd.DataFrame({"t": ["one two three four"] * 6, "y": ["a", "b"] * 3})
    write_texts.to_csv("t.csv", index=False)
    assert run("transform", "t.csv", "--text", "t", "-o", "first.csv")[0] == 0
    monkeypatch.setattr("gensynth.cli.policies.default_for", lambda kind: T.CaseNoise(1.0))
    assert run("transform", "--config", "first.csv.recipe.json", "-o", "again.csv")[0] == 0
    assert Path("first.csv").read_bytes() == Path("again.csv").read_bytes()
    assert run("transform", "--config", "first.csv.recipe.json", "--policy", "CaseNoise", "-o", "other.csv")[0] == 0
    assert Path("first.csv").read_bytes() != Path("other.csv").read_bytes()


def test_a_sheet_is_never_one_of_the_images(run):
    signs()
    before = tree("signs")
    for args in (("--sheet", "signs/stop/sheet.png"), ("--sheet", "out/sheet.png", "-o", "out")):
        status, _, err = run("transform", "signs", *args)
        assert (status, "where it would be one of the images" in err) == (2, True), err
    assert tree("signs") == before
    assert there() == ["signs"]


def test_files_of_a_model_go_into_an_empty_folder_and_never_into_another(run):
    signs()
    assert run("fit", "signs", "-o", "model")[0] == 0
    Path("made").mkdir()
    assert run("sample", "model", "-n", "2", "-o", "made")[0] == 0
    assert len(files_of("made")) == 2
    status, _, err = run("sample", "model", "-n", "2", "-o", "model", "--overwrite")
    assert (status, "is the input" in err) == (2, True), err


def test_a_table_named_as_a_policy_is_refused_in_one_line(run, payments):
    status, _, err = run("transform", payments.name, "--policy", payments.name)
    assert (status, len(err)) == (2, min(len(err), 200)), err
    assert "expected a policy" in err


def test_waves_of_64_bits_and_heads_cut_short_are_named(run):
    words()
    samples = (RNG.uniform(-0.5, 0.5, 40) * 2**62).astype("<i8").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, 8000, 64000, 8, 64,
                       b"data", len(samples))  # fmt: skip
    Path("words/no/deep.wav").write_bytes(head + samples)
    for verb in ("show", "transform"):
        status, _, err = run(verb, "words")
        assert (status, "deep.wav has more than 32 bits a sample" in err) == (1, True), err
    signs(size=(40, 40, 3))
    path = Path("signs/stop/3.png")
    path.write_bytes(path.read_bytes()[:300])
    status, _, err = run("show", "signs")
    assert (status, "1 of 8 images cannot be read: stop/3.png" in err) == (0, True), err
