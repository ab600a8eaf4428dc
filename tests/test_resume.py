"""`--resume`: what is kept of a job that is cut off, when it is gone on from, and when it is not."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from test_crash import ADAIN, IMAGES, SMALL, TABLE, TRAINED, Server, content

from gensynth.cli import resuming
from gensynth.generators.memory import HALVED
from gensynth.nn.vae import Codec
from gensynth.training import checkpoint

FIT = ["fit", *TABLE, *TRAINED["VAE"], "-o", "made"]
BALANCE = ["balance", *TABLE, *TRAINED["VAE"], "-o", "o.csv"]
KEPT = Path("made.checkpoint", checkpoint.NAME)


@pytest.fixture
def cut(run, payments, monkeypatch):
    """Run a command line that is cut off when it has written a checkpoint of a step; return what it said."""

    def call(words, step=60):
        write = checkpoint.write

        def then(path, state):
            write(path, state)
            if state["step"] >= step:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, "write", then)
            status, _, err = run(*words)
        assert status == 1
        return err

    return call


@pytest.fixture
def steps(monkeypatch):
    """Count the steps that are trained."""
    counted, step = [], Codec.step

    def counting(self, batch, index, descend, rng):
        counted.append(index)
        return step(self, batch, index, descend, rng)

    monkeypatch.setattr(Codec, "step", counting)
    return counted


def files():
    return sorted(path.name for path in Path().iterdir())


def test_a_training_goes_on_where_it_was_cut_off(run, cut, steps):
    err = cut(FIT)
    assert "made.checkpoint: what was learned so far is kept; the same command with --resume goes on from it" in err
    assert files() == ["made.checkpoint", "payments.csv"]
    del steps[:]
    status, _, err = run(*FIT, "--resume")
    assert status == 0, err
    assert steps == list(range(60, 120))
    assert files() == ["made", "payments.csv"]
    found = content(Path("made"))
    assert run(*FIT, "--overwrite")[0] == 0
    assert content(Path("made")) == found
    assert "checkpoint" not in Path("made", "model.json").read_text()


def test_what_is_kept_is_neither_taken_nor_lost_unasked(run, cut, steps):
    cut(FIT)
    status, _, err = run(*FIT)
    assert (status, KEPT.exists()) == (2, True)
    assert "made.checkpoint holds a training that was cut off: --resume goes on from it, --overwrite begins anew" in err
    del steps[:]
    assert run(*FIT, "--overwrite")[0] == 0
    assert steps == list(range(120))
    assert files() == ["made", "payments.csv"]


def test_other_settings_and_damaged_files_begin_anew_and_that_is_said(run, cut, steps):
    cut(FIT)
    del steps[:]
    status, _, err = run(*FIT, "--resume", "--seed", "7")
    assert status == 0, err
    assert "made.checkpoint: 'made.checkpoint/training.ckpt' is of another training (" not in err  # an absolute path
    assert "training.ckpt' is of another training (" in err
    assert err.count("training begins anew") == 1
    assert steps == list(range(120))
    cut([*FIT, "--overwrite"])
    KEPT.write_bytes(KEPT.read_bytes()[:1000])
    status, _, err = run(*FIT, "--resume", "--overwrite")
    assert (status, "is damaged or no checkpoint of a training: training begins anew" in err) == (0, True)
    assert files() == ["made", "payments.csv"]


def test_other_rows_begin_anew(run, cut):
    cut(BALANCE)
    lines = Path("payments.csv").read_text().splitlines()
    Path("payments.csv").write_text("\n".join([*lines[:-1], ""]))
    status, _, err = run(*BALANCE, "--resume")
    assert (status, "of another training (data" in err) == (0, True)
    assert files() == ["o.csv", "o.csv.recipe.json", "payments.csv"]


def test_where_nothing_is_kept_a_job_begins_anew(run, payments):
    for name in ("SMOTE", "RandomOverSampler"):
        words = ["balance", *TABLE, "-g", name]
        assert run(*words, "-o", "a.csv", "--resume")[0] == 0
        assert run(*words, "-o", "b.csv")[0] == 0
        assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
        assert files() == ["a.csv", "a.csv.recipe.json", "b.csv", "b.csv.recipe.json", "payments.csv"]
        for path in Path().glob("[ab].csv*"):
            path.unlink()
    assert run(*FIT, "--resume")[0] == 0
    assert files() == ["made", "payments.csv"]


def test_outputs_of_the_job_itself_are_written_again_and_no_others(run, payments, monkeypatch):
    words = ["balance", *TABLE, "-g", "SMOTE", "-o", "o.csv"]
    assert run(*words)[0] == 0
    whole = Path("o.csv").read_bytes()
    for path in Path().glob("o.csv*"):
        path.unlink()
    with monkeypatch.context() as patch:

        def cut(*_, **__):
            raise KeyboardInterrupt

        patch.setattr("gensynth.cli.balancing.write_json", cut)
        assert run(*words)[0] == 1
    assert files() == ["o.csv", "o.csv.checkpoint", "payments.csv"]
    assert run(*words)[0] == 2
    status, _, err = run(*words, "--resume", "--seed", "3")  # another job, which may not replace it
    assert (status, "'o.csv' exists; add --overwrite" in err) == (2, True)
    assert run(*words, "--resume")[0] == 0
    assert Path("o.csv").read_bytes() == whole
    assert files() == ["o.csv", "o.csv.recipe.json", "payments.csv"]
    status, _, err = run(*words, "--resume")
    assert (status, "exists; add --overwrite" in err) == (2, True)
    assert files() == ["o.csv", "o.csv.recipe.json", "payments.csv"]


def test_what_fails_leaves_no_folder_and_what_is_of_others_stays(run, payments, cut):
    assert run("fit", *TABLE, "-g", "VAE", "-p", "steps=0", "-o", "made")[0] == 2
    assert files() == ["payments.csv"]
    cut(FIT)
    Path("made.checkpoint", "notes.txt").touch()
    assert run(*FIT, "--resume")[0] == 0
    assert [path.name for path in Path("made.checkpoint").iterdir()] == ["notes.txt"]
    Path("o.csv.checkpoint").touch()
    status, _, err = run(*BALANCE)
    assert (status, "checkpoint_dir" in err and "cannot be made" in err) == (2, True)


def test_a_dry_run_and_standard_output(run, cut, payments):
    cut(BALANCE)
    kept = content(Path("o.csv.checkpoint"))
    assert run(*BALANCE, "--dry-run")[0] == 0
    assert content(Path("o.csv.checkpoint")) == kept
    status, _, err = run("balance", *TABLE, "-o", "-", "--resume")
    assert (status, "--resume goes on from what stands beside the output: give -o" in err) == (2, True)


def test_a_folder_that_is_named_is_used_instead(run, payments, cut):
    words = ["fit", *TABLE, "-g", "VAE", *SMALL[:-2], "-o", "made", "-p", "training={checkpoint_dir: mine}"]
    cut(words)
    assert files() == ["mine", "payments.csv"]
    assert run(*words)[0] == 0
    assert files() == ["made", "mine", "payments.csv"]


def test_a_training_of_half_the_batch_goes_on(run, cut, steps, monkeypatch):
    step = Codec.step

    def tight(self, batch, index, descend, rng):
        if len(batch[0]) > 32:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step(self, batch, index, descend, rng)

    monkeypatch.setattr(Codec, "step", tight)
    assert "it begins anew with 32" in cut(FIT)
    assert Path("made.checkpoint", HALVED, checkpoint.NAME).exists()
    assert run(*FIT)[0] == 2
    del steps[:]
    status, _, err = run(*FIT, "--resume")
    assert (status, steps) == (0, list(range(60, 120))), err
    assert files() == ["made", "payments.csv"]
    assert json.loads(Path("made", "model.json").read_text())["state"]["batch_size"] == 32


@pytest.fixture
def signs(run):
    rng = np.random.default_rng(0)
    for label, count in (("stop", 20), ("yield", 6)):
        Path("signs", label).mkdir(parents=True)
        for number in range(count):
            image = Image.fromarray(rng.integers(0, 255, (16, 16, 3)).astype(np.uint8))
            image.save(Path("signs", label, f"{number}.png"))


@pytest.mark.parametrize(
    "words",
    [
        ["-g", "StyleTransfer"],
        ["-g", "StyleTransfer", "-p", "method=fourier"],
        ADAIN,
        ["-g", "Augment", "-p", "generator={name: VAE, params: {hidden: [8, 16], steps: 20, noise: 4}}"],
        IMAGES,
    ],
    ids=["moments", "fourier", "adain", "Augment", "VAE"],
)
def test_whatever_makes_images_takes_it(run, signs, monkeypatch, words):
    asked, write = [], checkpoint.write
    monkeypatch.setattr(checkpoint, "write", lambda path, state: asked.append(path) or write(path, state))
    assert run("balance", "signs", *words, "-o", "o", "--resume")[0] == 0
    assert run("fit", "signs", *words, "-o", "m", "--resume")[0] == 0
    assert {path.parent.name for path in asked} == (
        {"o.checkpoint", "m.checkpoint"} if "steps" in str(words) else set()
    )
    assert "checkpoint" not in Path("m", "model.json").read_text() + Path("o.recipe.json").read_text()
    assert not list(Path().glob("*.checkpoint"))
    assert resuming.CHECKPOINT == checkpoint.NAME


# SIGTERM and Ctrl-C


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("said") / "said")
    yield made
    made.close()


LONG = [word.replace("steps=120", "steps=800") for word in FIT]


def test_sigterm_ends_a_training_with_one_line_and_keeps_what_was_learned(server, payments):
    whole = server(payments.parent, LONG)
    assert whole["status"] == 0, whole["said"]
    first, again = content(Path(payments.parent, "made")), [*LONG, "--overwrite"]
    done = server(payments.parent, again, after=whole["seconds"] / 2, number=signal.SIGTERM)
    assert done["status"] == 143
    assert done["said"].splitlines() == [
        "gensynth: note: made.checkpoint: what was learned so far is kept; the same command with --resume goes on from "
        "it",
        "gensynth: asked to end (SIGTERM): each output is whole or as it was before",
    ]
    names = sorted(path.name for path in payments.parent.iterdir())
    assert names == ["made", "made.checkpoint", "payments.csv"]
    assert [path.name for path in Path(payments.parent, "made.checkpoint").iterdir()] == [checkpoint.NAME]
    assert server(payments.parent, [*again, "--resume"])["status"] == 0
    assert content(Path(payments.parent, "made")) == first


def test_ctrl_c_in_a_training_gives_a_model_and_leaves_nothing_else(server, payments):
    whole = server(payments.parent, [*LONG, "--seed", "1"])
    began = time.monotonic()
    again = [*LONG, "--overwrite"]
    done = server(payments.parent, again, after=whole["seconds"] / 2, number=signal.SIGINT)
    assert done["status"] == 0, done["said"]
    assert time.monotonic() - began < whole["seconds"] * 1.5 + 2
    assert "training was interrupted after step" in done["said"]
    assert sorted(path.name for path in payments.parent.iterdir()) == ["made", "payments.csv"]


def test_sigterm_anywhere_leaves_nothing_half(server, payments):
    words = ["balance", *TABLE, "-g", "SMOTE", "-o", "o.csv"]
    seconds = server(payments.parent, words)["seconds"]
    (payments.parent / "o.csv").unlink()
    (payments.parent / "o.csv.recipe.json").unlink()
    rng, ended = np.random.default_rng(0), 0
    for _ in range(8):
        done = server(payments.parent, words, after=float(rng.uniform(0.2, 1) * seconds), number=signal.SIGTERM)
        assert done["status"] in (0, 143, -15), done["said"]  # the last before there was anything to tidy up
        assert not list(payments.parent.glob(".*"))
        ended += done["status"] == 143
        for path in payments.parent.glob("o.csv*"):
            if path.is_file():
                path.unlink()
    assert ended
