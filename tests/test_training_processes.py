"""Several processes that train together: parts of a batch, one end, one model, and no waiting for one that has gone."""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch.strategies import ModelParallelStrategy
from test_training import HELD, Duel, Line, lines, same, surroundings

from gensynth import VAE, load
from gensynth.errors import ConfigError, GensynthWarning, TrainingFailed
from gensynth.generators.memory import is_short
from gensynth.training import train
from gensynth.training.launching import joined, told_by
from gensynth.training.peers import Alone

ROOT = Path(__file__).resolve().parents[1]
TWO = {"accelerator": "cpu", "devices": 2}
ENV = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
LIMIT = 60  # seconds in which a process whose peer was killed must have ended; loaded machines need some of them


def table(rows=400):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 3)).round(2)
    X[:, 2] += X[:, 0]
    return X, np.where(rng.random(rows) < 0.2, "rare", "common")


# within one process


def test_parts_of_a_batch_are_even_and_make_up_the_batch():
    whole = lines(20)
    for step in (0, 7, 19):
        parts = [whole.part(rank, 2).batch(step) for rank in (0, 1)]
        assert len(parts[0][0]) == len(parts[1][0])
        for part, tensor in zip(zip(*parts, strict=True), whole.batch(step), strict=True):
            assert torch.equal(torch.cat(part), tensor)


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        (ModelParallelStrategy(), "ModelParallelStrategy divides a network among devices"),
        ("deepspeed", "trainer_kwargs: "),
        ("fsdp", "trainer_kwargs: "),
        ("no such", "trainer_kwargs: "),
    ],
)
def test_strategies_that_cannot_work_are_refused(strategy, said):
    with pytest.raises(ConfigError, match=said):
        train(Line(), lines(20), trainer_kwargs=TWO | {"strategy": strategy})


def test_a_batch_that_is_too_small_for_all_is_refused():
    with pytest.raises(ConfigError, match="cannot be divided among 11 processes, of which each needs 9"):
        lines(20).part(0, 11, least=9)


def test_processes_are_not_started_within_one_of_several(monkeypatch):
    for name, value in (("LOCAL_RANK", "0"), ("WORLD_SIZE", "2"), ("NODE_RANK", "0")):
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="started as one of several"):
        train(Line(), lines(20), trainer_kwargs=TWO | {"strategy": "ddp_spawn"})


class Joined:
    world_size, global_rank = 2, 1
    strategy = type("Strategy", (), {"launcher": None})()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("[gloo/transport/tcp/pair.cc:547] Connection closed by peer"), "lost another"),
        (RuntimeError("CUDA out of memory"), "memory ran out in process 1 of 2"),
        (MemoryError(), "memory ran out"),
    ],
)
def test_what_failed_in_one_of_several_is_told(error, said):
    with pytest.raises(TrainingFailed, match=said) as raised, joined(Joined()):
        raise error
    assert not is_short(raised.value)  # or this process would begin anew, alone
    with pytest.raises(KeyError), joined(Joined()):
        raise KeyError("mine")


@pytest.mark.parametrize(
    ("last", "kind", "said"),
    [
        ("gensynth.errors.ConfigError: give fewer devices", ConfigError, "^give fewer devices$"),
        ("KeyError: 'x'", TrainingFailed, "KeyError: 'x'"),
        ("torch.OutOfMemoryError: CUDA out of memory", TrainingFailed, "memory ran out"),
        ("process 1 terminated with signal SIGKILL", TrainingFailed, "SIGKILL"),
    ],
)
def test_what_a_started_process_said_comes_back(last, kind, said):
    with pytest.raises(kind, match=said):
        raise told_by(RuntimeError(f"Traceback\n  line 1\n{last}\n"))


@pytest.mark.slow
def test_a_program_is_needed_where_it_is_run_again():
    code = "from gensynth import VAE; from test_training_processes import *; VAE(training={'trainer_kwargs': "
    code += "TWO | {'strategy': 'ddp'}}, steps=5, random_state=0).fit(*table())"
    env = os.environ | ENV | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=240, check=False
    )
    assert "ConfigError: trainer_kwargs: this strategy runs the program again" in done.stderr


@pytest.mark.slow
def test_processes_that_are_forked_do_not_wait_for_threads():
    code = "import torch; torch.set_num_threads(2); a = torch.randn(1500, 1500); (a @ a).sum()\n"
    code += "from test_training_processes import *\nclass Wide(Line):\n"
    code += (
        "    def step(self, *given):\n        b = torch.ones(1500, 1500); (b @ b).sum(); return super().step(*given)\n"
    )
    code += "train(Wide(), lines(4), trainer_kwargs=TWO | {'strategy': 'ddp_fork'}); print('done')"
    env = os.environ | ENV | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=240, check=False
    )
    assert done.stdout == "done\n", done.stderr


def test_one_process_has_nothing_to_agree_on():
    alone = Alone()
    weight = torch.nn.Parameter(torch.ones(2))
    alone.average([weight])
    assert weight.grad is None
    assert alone.mean({"a": 1.0}) == {"a": 1.0}


def test_a_model_of_another_process_is_not_written(tmp_path):
    model = VAE(hidden=(8,), noise=2, steps=5, random_state=0).fit(*table())
    assert model.rank_ == 0
    model.rank_ = 1
    model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


# processes that `fit` starts


@pytest.mark.slow
@pytest.mark.parametrize("start", ["ddp_spawn", "ddp_fork"])
def test_two_processes_follow_the_gradient_of_one(tmp_path, start):
    kwargs, task, alone, again = TWO | {"strategy": start}, Line(), Line(), Line()
    before, port = surroundings(), os.environ.get("MASTER_PORT")
    history = train(task, lines(45), held=HELD, decay=0.0, checkpoint_dir=tmp_path, trainer_kwargs=kwargs)
    after = surroundings()
    for name in ("torch", "numpy", "random", "threads", "gradients", "signals"):
        assert before[name] == after[name], name
    assert os.environ.get("MASTER_PORT") == port
    wanted = train(alone, lines(45), held=HELD, decay=0.0)
    assert torch.allclose(task.net.weight, alone.net.weight, atol=1e-5)
    assert torch.allclose(task.net.bias, alone.net.bias, atol=1e-5)
    assert [record["step"] for record in history] == [20, 40, 45]
    assert [record["loss"] for record in history] == pytest.approx([record["loss"] for record in wanted], rel=1e-4)
    assert history[-1]["score"] == pytest.approx(task.score(HELD, None), rel=1e-6)
    assert train(again, lines(45), held=HELD, decay=0.0, checkpoint_dir=tmp_path) == history
    assert same(again, task)


class Uneven(Duel):
    """From step 45 on, a loss is now and then not finite: in one of two processes, as their noise differs."""

    def step(self, batch, index, descend, rng):
        x, y = batch
        if torch.rand(1, generator=rng).item() < 0.2 and index >= 45:
            y = y * math.nan
        return super().step((x, y), index, descend, rng)


@pytest.mark.slow
def test_two_processes_with_two_optimizers_stop_together():
    task = Uneven()
    with pytest.warns(GensynthWarning, match="not finite"):
        history = train(task, lines(10_000), held=HELD, trainer_kwargs=TWO | {"strategy": "ddp_spawn"})
    assert [record["step"] for record in history] == [20, 40]
    assert min(record["score"] for record in history) == pytest.approx(task.score(HELD, None), rel=1e-6)


class Pairs(Line):
    """A step needs 20 rows in each process."""

    least = 20


def fails_in_the_second(task):
    if os.environ["LOCAL_RANK"] == "1":
        raise KeyError("mine")


@pytest.mark.slow
def test_an_error_in_a_process_ends_all():
    kwargs = TWO | {"strategy": "ddp_fork"}
    with pytest.raises(ConfigError, match="a batch of 32 rows cannot be divided among 2 processes"):
        train(Pairs(), lines(20), trainer_kwargs=kwargs)
    with pytest.raises(TrainingFailed, match="one of the processes that trained together failed"):
        train(Line(at={5: fails_in_the_second}), lines(20), trainer_kwargs=kwargs)


# processes that run the same script

SCRIPT = """
import hashlib, json, sys
from pathlib import Path

import gensynth
from test_training_processes import table

settings = json.loads(sys.argv[1])
kwargs = {"accelerator": "cpu", "devices": 2, "strategy": "ddp"}
folder = Path(sys.argv[2])
for name in settings["names"]:
    more = {"batch_size": 64, "trainer_kwargs": kwargs, "checkpoint_dir": str(folder / f"{name}.checkpoint")}
    maker = getattr(gensynth, name)(hidden=(8, 8), **settings["params"], training=more | settings["training"])
    model = maker.fit(*table())
    model.save(folder / name)
    weights = b"".join(value.numpy().tobytes() for value in model.task_.state_dict().values())
    told = [name, model.steps_, model.ended_, hashlib.md5(weights).hexdigest(), model.history_]
    with open(folder / f"told-{model.rank_}", "a") as file:
        file.write(json.dumps(told) + "\\n")
    print("trained", name, model.rank_, flush=True)
"""
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]


EVERY = ("VAE", "WGAN", "Autoregressive")


def started(folder, params, training=None, by=(sys.executable,), names=("VAE",)):
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    settings = json.dumps({"params": params, "training": training or {}, "names": names})
    env = os.environ | ENV | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    return subprocess.Popen(
        [*by, str(folder / "script.py"), settings, str(folder)],
        cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def told(folder, rank):
    return [json.loads(line) for line in (folder / f"told-{rank}").read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("by", [TORCHRUN, [sys.executable]], ids=["torchrun", "script"])
def test_every_process_has_the_same_models_and_the_first_writes_them(tmp_path, by):
    process = started(tmp_path, {"steps": 40, "random_state": 0}, by=by, names=EVERY)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert told(tmp_path, 0) == told(tmp_path, 1)
    assert [line[:3] for line in told(tmp_path, 0)] == [
        [name, 40, "steps"] for name in ("VAE", "WGAN", "Autoregressive")
    ]
    assert sorted(path.name for path in (tmp_path / "VAE").iterdir()) == ["model.json", "weights.safetensors"]
    assert "Warning" not in err
    first = [line[3] for line in told(tmp_path, 0)]
    process = started(tmp_path, {"steps": 40, "random_state": 0}, by=by)  # which is finished, and the model there
    out, err = process.communicate(timeout=240)
    assert "'VAE' exists" in err.replace(str(tmp_path) + os.sep, ""), err
    assert "trained VAE 1" not in out or "trained VAE 0" not in out
    assert told(tmp_path, 0)[0][3] == first[0]


@pytest.mark.slow
def test_processes_that_would_not_do_the_same_are_refused(tmp_path):
    process = started(tmp_path, {"steps": 40}, {"checkpoint_dir": None}, by=TORCHRUN)
    _, err = process.communicate(timeout=240)
    assert process.returncode != 0
    assert "ConfigError: the 2 processes that are to train together differ in seed" in err
    assert "random_state=INT" in err


def children(pid):
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()[1:]]
    return [child for child, parent in pairs if parent == pid]


def wait_for(found, seconds=120.0):
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end
        time.sleep(0.1)


LONG = {"steps": 1_000_000, "random_state": 0}


@pytest.mark.slow
@pytest.mark.parametrize("which", ["first", "second"])
def test_where_one_process_is_killed_the_other_ends(tmp_path, which):
    process = started(tmp_path, LONG, {"patience": None}, by=[sys.executable])
    try:
        wait_for(lambda: (tmp_path / "VAE.checkpoint" / "training.ckpt").exists())
        (second,) = children(process.pid)
        os.kill(process.pid if which == "first" else second, signal.SIGKILL)
        _, err = process.communicate(timeout=LIMIT)  # standard error is closed when both have ended
        assert process.returncode != 0
        if which == "first":
            assert "TrainingFailed: process 1 of 2 lost another that it trained with" in err
    finally:
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None


@pytest.mark.slow
def test_ctrl_c_ends_both_processes_at_the_same_step(tmp_path):
    process = started(tmp_path, LONG, {"patience": None}, by=TORCHRUN)
    try:
        wait_for(lambda: (tmp_path / "VAE.checkpoint" / "training.ckpt").exists())
        first, second = sorted(children(process.pid))[-2:]
        os.kill(second, signal.SIGINT)
        wait_for(lambda: all((tmp_path / f"told-{rank}").exists() for rank in (0, 1)))
        assert told(tmp_path, 0) == told(tmp_path, 1)
        assert told(tmp_path, 0)[0][2] == "interrupted"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT)
        assert err.count("training was interrupted after step") == 1  # by the first process alone
        assert first != second
    finally:
        process.kill()


# the command line


def readme_line():
    """Return the line of README.md that starts torchrun."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)
    (found,) = [block for block in blocks if block.startswith("torchrun")]
    return found.replace("torchrun", shlex.join([sys.executable, "-m", "torch.distributed.run", "--standalone"]), 1)


@pytest.mark.slow
def test_the_command_line_of_the_readme_writes_one_model(payments):
    done = subprocess.run(
        ["bash", "-c", readme_line()], cwd=payments.parent, env=os.environ | ENV,
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("VAE, fitted on") == 1
    assert len(load(payments.parent / "fraud_vae").sample(5, y=1)) == 5
    assert not (payments.parent / "fraud_vae.checkpoint").exists()


@pytest.mark.slow
def test_tasks_of_slurm_write_one_model(payments):
    """Two processes with the variables that srun sets; Slurm itself is not here."""
    words = ["balance", "payments.csv", "-t", "fraud", "-g", "VAE", "-o", "out.csv", "-p", "steps=40", "--resume"]
    words += ["-p", "training={trainer_kwargs: {accelerator: cpu, devices: 2, strategy: ddp}}"]
    about = {"SLURM_NTASKS": 2, "SLURM_NTASKS_PER_NODE": 2, "SLURM_NNODES": 1, "SLURM_NODEID": 0,
             "SLURM_JOB_NAME": "train", "SLURM_JOB_ID": os.getpid(), "SLURM_NODELIST": "127.0.0.1"}  # fmt: skip
    tasks = [
        subprocess.Popen(
            [sys.executable, "-m", "gensynth", *words], cwd=payments.parent, text=True, stderr=subprocess.PIPE,
            env=os.environ | ENV | {name: str(value) for name, value in about.items()}
            | {"SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)},
        )
        for rank in (0, 1)
    ]  # fmt: skip
    said = [task.communicate(timeout=240)[1] for task in tasks]
    assert [task.returncode for task in tasks] == [0, 0], said
    names = {path.name for path in payments.parent.iterdir()}
    assert names == {"payments.csv", "out.csv", "out.csv.recipe.json"}
    assert "out.csv" not in said[1]


@pytest.mark.slow
def test_processes_that_sigterm_ended_go_on(payments):
    line = readme_line().replace("steps=100", "steps=600") + " -p hidden=[16]"
    line = line.strip().replace("\n -p hidden", " -p hidden")
    kept = payments.parent / "fraud_vae.checkpoint" / "training.ckpt"
    begun = {"cwd": payments.parent, "env": os.environ | ENV, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(["bash", "-c", f"exec {line}"], start_new_session=True, **begun)
    try:
        wait_for(kept.exists)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    assert process.returncode != 0
    assert "--resume goes on from it" in err
    assert kept.exists()
    done = subprocess.run(["bash", "-c", f"{line} --resume"], timeout=240, check=False, **begun)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("VAE, fitted on") == 1
    assert not kept.exists()
